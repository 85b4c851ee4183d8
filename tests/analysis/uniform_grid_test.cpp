#include "analysis/integral.hpp"
#include "analysis/synthetic_trace.hpp"
#include "analysis/uniform_grid.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace joulemark::analysis {
namespace {

using testing::at_seconds;
using testing::Readings;
using testing::window_of;

Readings triangle() {
    Readings readings;
    readings.add(0.0, 100.0);
    readings.add(0.3, 200.0);
    readings.add(1.0, 100.0);
    return readings;
}

Readings arbitrary_readings() {
    const auto count = *rc::gen::inRange<std::size_t>(2, 400);
    const RandomStream random{*rc::gen::arbitrary<std::uint64_t>(), 3};
    Readings readings;
    std::int64_t ns = 5'000;
    for (std::size_t i = 0; i < count; ++i) {
        readings.time.push_back(instant_at(ns));
        readings.watts.push_back(1000.0 * random.uniform(2 * i));
        ns += 1 + static_cast<std::int64_t>(random.uniform(2 * i + 1) * 2e8);
    }
    return readings;
}

TEST(NodeMeans, KnownAnswer) {
    const auto grid = node_means(triangle().view(), window_of(0, 1), Seconds{0.5});
    ASSERT_TRUE(grid);
    ASSERT_EQ(grid->intervals(), 2U);
    EXPECT_NEAR(grid->power_watts[0], 141.666667, 5e-7);
    EXPECT_NEAR(grid->power_watts[1], 170.238095, 5e-7);
    EXPECT_NEAR(grid->power_watts[2], 117.857143, 5e-7);
    EXPECT_NEAR(grid->energy().value(), 150.0, 1e-12);
}

RC_GTEST_PROP(NodeMeans, KeepTheEnergyOfIrregularReadings, ()) {
    const Readings readings = arbitrary_readings();
    const double length = to_seconds(readings.extent().length()).value();
    const double step = length / *rc::gen::inRange(1, 2000);
    const auto grid = node_means(readings.view(), readings.extent(), Seconds{step});
    RC_ASSERT(grid.has_value());
    const double energy = integrate(readings.view(), readings.extent()).energy.value();
    RC_ASSERT(std::abs(grid->energy().value() - energy) <= 1e-12 * energy);
}

RC_GTEST_PROP(NodeMeans, TimesAreUniformAndEndExactly, ()) {
    const Readings readings = arbitrary_readings();
    const double length = to_seconds(readings.extent().length()).value();
    const auto grid =
        node_means(readings.view(), readings.extent(), Seconds{length / *rc::gen::inRange(1, 500)});
    RC_ASSERT(grid.has_value());
    RC_ASSERT(grid->time(0) == readings.extent().begin);
    RC_ASSERT(grid->time(grid->intervals()) == readings.extent().end);
    for (std::size_t k = 0; k <= grid->intervals(); ++k) {
        const double offset = static_cast<double>((grid->time(k) - grid->time(0)).count());
        RC_ASSERT(std::abs(offset - static_cast<double>(k) * grid->step().value() * 1e9) <= 0.51);
        RC_ASSERT(grid->nearest_node(grid->time(k)) == k);
    }
}

TEST(NodeMeans, AGapIsBridgedByItsChordAndMarked) {
    Readings readings;
    for (int i = 0; i <= 10; ++i) {
        if (i < 4 || i > 6) {
            readings.add(i, i < 5 ? 100.0 : 200.0);
        }
    }
    readings.gaps.push_back({window_of(3, 7), GapReason::device_lost});
    const auto grid = node_means(readings.view(), window_of(0, 10), Seconds{1.0});
    ASSERT_TRUE(grid);
    EXPECT_NEAR(grid->power_watts[5], 150.0, 1e-9);
    EXPECT_NEAR(grid->energy().value(), 3 * 100 + 4 * 150 + 3 * 200, 1e-9);
    EXPECT_EQ(grid->valid, (std::vector<std::uint8_t>{1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1}));
}

TEST(NodeMeans, CoverOnlyWhatWasRead) {
    const auto grid = node_means(triangle().view(), window_of(-5, 0.6), Seconds{0.1});
    ASSERT_TRUE(grid);
    EXPECT_EQ(grid->window, window_of(0, 0.6));
    EXPECT_EQ(grid->intervals(), 6U);
}

TEST(NodeMeans, AnUncoveredWindowHasNone) {
    EXPECT_FALSE(node_means(triangle().view(), window_of(2, 3), Seconds{0.1}));
    EXPECT_FALSE(node_means({}, window_of(0, 1), Seconds{0.1}));
}

TEST(NodeMeans, NeverExceedTheLimitOfPoints) {
    Readings readings;
    readings.add(0.0, 1.0);
    readings.add(1e6, 1.0);
    const auto grid = node_means(readings.view(), readings.extent(), Seconds{1e-9});
    ASSERT_TRUE(grid);
    EXPECT_EQ(grid->power_watts.size(), max_grid_points);
}

TEST(NodeMeans, FailedReadingsDoNotPoisonTheirNode) {
    Readings readings;
    for (int i = 0; i <= 100; ++i) {
        readings.add(0.1 * i, i % 10 == 5 ? std::numeric_limits<double>::quiet_NaN() : 50.0);
    }
    const auto grid = node_means(readings.view(), readings.extent(), Seconds{0.25});
    ASSERT_TRUE(grid);
    for (const double watts : grid->power_watts) {
        EXPECT_NEAR(watts, 50.0, 1e-9);
    }
}

TEST(GridStep, FollowsTheSeriesOneTwoFive) {
    EXPECT_EQ(grid_step(60_s, 20_ms, std::nullopt), Seconds{0.02});
    EXPECT_EQ(grid_step(36'000_s, 20_ms, std::nullopt), Seconds{0.5});
    EXPECT_EQ(grid_step(60_s, 20_ms, 100_ms), Seconds{0.1});
    EXPECT_EQ(grid_step(60_s, 103_ms, 100_ms), Seconds{0.2});
    EXPECT_EQ(grid_step(1e6_s, 3_s, std::nullopt), Seconds{20.0});
}

TEST(GridStep, JitterOfAPollDoesNotDoubleIt) {
    EXPECT_EQ(grid_step(60_s, Seconds{0.02003}, std::nullopt), Seconds{0.02});
}

TEST(GridStep, AMinuteAndTenHoursHaveTheirPoints) {
    Readings minute;
    Readings day;
    minute.add(0.0, 1.0);
    minute.add(60.0, 1.0);
    day.add(0.0, 1.0);
    day.add(36'000.0, 1.0);
    const auto fine = node_means(minute.view(), minute.extent(), grid_step(60_s, 20_ms, {}));
    const auto coarse = node_means(day.view(), day.extent(), grid_step(36'000_s, 20_ms, {}));
    ASSERT_TRUE(fine && coarse);
    EXPECT_EQ(fine->power_watts.size(), 3001U);
    EXPECT_EQ(coarse->power_watts.size(), 72'001U);
}

TEST(BinMeans, SumTimesWidthIsTheEnergyOfWholeBins) {
    const Readings readings = triangle();
    const auto bins = bin_means(readings.view(), window_of(0, 1), Seconds{0.3});
    ASSERT_TRUE(bins);
    ASSERT_EQ(bins->power_watts.size(), 3U);
    EXPECT_NEAR(bins->dropped.value(), 0.1, 1e-12);
    const double sum = std::accumulate(bins->power_watts.begin(), bins->power_watts.end(), 0.0);
    EXPECT_NEAR(sum * 0.3, integrate(readings.view(), window_of(0, 0.9)).energy.value(), 1e-12);
    EXPECT_NEAR(bins->power_watts[0], 150.0, 1e-12);
}

TEST(BinMeans, MarkTheBinsOfAGap) {
    Readings readings = triangle();
    readings.gaps.push_back({window_of(0.3, 0.45), GapReason::read_failed});
    const auto bins = bin_means(readings.view(), window_of(0, 1), Seconds{0.1});
    ASSERT_TRUE(bins);
    EXPECT_EQ(bins->valid, (std::vector<std::uint8_t>{1, 1, 1, 0, 0, 1, 1, 1, 1, 1}));
    EXPECT_NEAR(bins->dropped.value(), 0.0, 1e-12);
}

TEST(BinMeans, LessThanABinIsNothing) {
    EXPECT_FALSE(bin_means(triangle().view(), window_of(0, 1), Seconds{2.0}));
    EXPECT_FALSE(bin_means(triangle().view(), window_of(0, 1), Seconds{0.0}));
}

} // namespace
} // namespace joulemark::analysis
