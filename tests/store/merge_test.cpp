#include "store/columns.hpp"
#include "store/merge.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace joulemark::store {
namespace {

using test::power_samples;
using test::same_bits;
using test::trapezoid;

constexpr double nan = missing_reading;

Columns rows_at(const std::vector<std::int64_t>& ms) {
    Columns columns;
    for (const std::int64_t t : ms) {
        columns.time.push_back(instant_at(t * 1'000'000));
    }
    return columns;
}

Columns rows_at(const std::vector<std::int64_t>& ms,
                Metric metric,
                const std::vector<double>& values) {
    Columns columns = rows_at(ms);
    columns.values(metric) = values;
    return columns;
}

Columns slice(const Columns& columns, std::size_t first, std::size_t count) {
    Columns part;
    const auto cut = [&](const auto& all, auto& to) {
        if (!all.empty()) {
            const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
            to.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
        }
    };
    cut(columns.time, part.time);
    for (std::size_t i = 0; i < metric_count; ++i) {
        cut(columns.column[i], part.column[i]);
    }
    return part;
}

std::vector<double> values_of(const Columns& columns, Metric metric) {
    const auto values = columns.values(metric);
    return {values.begin(), values.end()};
}

Columns merge(const Columns& columns, unsigned stages) {
    Merger merger(stages);
    merger.push(columns);
    return merger.finish();
}

// Strictly increasing, unevenly spaced times with any powers.
rc::Gen<Columns> any_recording() {
    const auto step =
        rc::gen::map(rc::gen::pair(rc::gen::inRange(1, 30), rc::gen::inRange(0, 500'000)),
                     [](const auto& pair) { return pair; });
    return rc::gen::map(rc::gen::container<std::vector<std::pair<int, int>>>(step),
                        [](const auto& steps) {
                            Columns columns;
                            std::int64_t t = -5'000'000;
                            for (const auto& [ms, mw] : steps) {
                                t += ms * 1'000'000;
                                columns.time.push_back(instant_at(t));
                                columns.values(Metric::power).push_back(mw / 1000.0);
                            }
                            return columns;
                        });
}

RC_GTEST_PROP(Merge, EnergyIsThatOfAllReadings, ()) {
    const Columns all = *any_recording();
    const Columns few = merge(all, *rc::gen::inRange(0U, 8U));
    const double energy = trapezoid(all, Metric::power);
    RC_ASSERT(std::abs(trapezoid(few, Metric::power) - energy) <= 1e-9 * std::max(energy, 1.0));
}

RC_GTEST_PROP(Merge, FirstAndLastTimeRemainAndNoTimeIsMadeUp, ()) {
    const Columns all = *any_recording();
    RC_PRE(!all.empty());
    const Columns few = merge(all, *rc::gen::inRange(0U, 8U));
    RC_ASSERT(few.time.front() == all.time.front());
    RC_ASSERT(few.time.back() == all.time.back());
    RC_ASSERT(std::ranges::includes(all.time, few.time));
}

RC_GTEST_PROP(Merge, NoValueLeavesTheRangeOfItsReadings, ()) {
    const Columns all = *any_recording();
    RC_PRE(!all.empty());
    const auto [low, high] = std::ranges::minmax(values_of(all, Metric::power));
    const Columns few = merge(all, *rc::gen::inRange(0U, 8U));
    for (const double watts : values_of(few, Metric::power)) {
        RC_ASSERT(watts >= low - 1e-9);
        RC_ASSERT(watts <= high + 1e-9);
    }
}

// However the recording is cut into blocks, the bits that come out are the same.
RC_GTEST_PROP(Merge, TheCutIntoBlocksDoesNotMatter, ()) {
    const Columns all = *any_recording();
    const auto stages = *rc::gen::inRange(0U, 6U);
    Merger merger(stages);
    for (std::size_t at = 0; at < all.size();) {
        const std::size_t count =
            std::min<std::size_t>(*rc::gen::inRange<std::size_t>(1, 20), all.size() - at);
        merger.push(slice(all, at, count));
        merger.push({});
        at += count;
    }
    RC_ASSERT(same_bits(merger.finish(), merge(all, stages)));
}

RC_GTEST_PROP(Merge, AsManyStagesAsNeededAndNoMore, ()) {
    const Columns all = *any_recording();
    const auto limit = *rc::gen::inRange<std::size_t>(2, 60);
    const unsigned stages = stages_for(all.size(), limit);
    RC_ASSERT(merge(all, stages).size() <= limit);
    if (stages > 0) {
        RC_ASSERT(merge(all, stages - 1).size() > limit);
    }
}

TEST(Merge, TwoMillionReadingsKeepTheirEnergy) {
    constexpr std::size_t rows = 2'000'000;
    constexpr std::size_t limit = 10'000;
    Merger merger(stages_for(rows, limit));
    double energy = 0.0;
    Columns last;
    for (std::size_t at = 0; at < rows; at += 10'000) {
        Columns block = power_samples(at, 10'000);
        last.append(block);
        energy += trapezoid(last, Metric::power);
        last = slice(block, block.size() - 1, 1);
        merger.push(std::move(block));
    }
    const Columns few = merger.finish();
    EXPECT_LE(few.size(), limit);
    EXPECT_GT(few.size(), limit / 2);
    EXPECT_NEAR(trapezoid(few, Metric::power) / energy, 1.0, 1e-9);
}

TEST(Merge, NothingBecomesNothing) { EXPECT_TRUE(merge({}, 3).empty()); }

TEST(Merge, OneReadingRemains) {
    EXPECT_TRUE(same_bits(merge(power_samples(0, 1), 4), power_samples(0, 1)));
}

TEST(Merge, TwoReadingsRemain) {
    EXPECT_TRUE(same_bits(merge(power_samples(0, 2), 4), power_samples(0, 2)));
}

TEST(Merge, EvenlySpacedPowerIsAveragedWithItsNeighbours) {
    const Columns few =
        merge(rows_at({0, 10, 20, 30, 40}, Metric::power, {100, 200, 300, 400, 0}), 1);
    EXPECT_EQ(few.time, rows_at({0, 20, 40}).time);
    // Weights 1/2 and 1/2 of a step at the ends; 1/2, 1, 1/2 inside.
    EXPECT_EQ(values_of(few, Metric::power), (std::vector<double>{150, 300, 200}));
}

TEST(Merge, UnevenSpacingWeighsByTime) {
    // The reading at 2 lies close to 0: of its weight (30 - 0) / 2 = 15, (30 - 2) / 2 = 14 go to 0,
    // whose own is 1.
    const Columns few = merge(rows_at({0, 2, 30}, Metric::power, {100, 200, 300}), 1);
    EXPECT_EQ(values_of(few, Metric::power),
              (std::vector<double>{(100 * 1 + 200 * 14) / 15.0, (300 * 14 + 200 * 1) / 15.0}));
}

TEST(Merge, CountersKeepTheReadingTakenAtThatTime) {
    const Columns few =
        merge(rows_at({0, 10, 20, 30, 40, 50}, Metric::energy_counter, {1, 2, 3, 4, 5, 6}), 1);
    EXPECT_EQ(values_of(few, Metric::energy_counter), (std::vector<double>{1, 3, 5, 6}));
}

TEST(Merge, AMissingCounterIsTheLastOneRead) {
    const Columns few =
        merge(rows_at({0, 10, 20, 30, 40}, Metric::energy_counter, {nan, 2, nan, nan, nan}), 1);
    const auto counter = values_of(few, Metric::energy_counter);
    EXPECT_TRUE(std::isnan(counter[0]));
    EXPECT_EQ(counter[1], 2);
    EXPECT_TRUE(std::isnan(counter[2]));
}

TEST(Merge, BitsAreAllThatWereSetSinceTheRowBefore) {
    const Columns few = merge(
        rows_at({0, 10, 20, 30, 40, 50, 60}, Metric::throttle_reasons, {0, 2, 4, 0, nan, nan, nan}),
        1);
    const auto bits = values_of(few, Metric::throttle_reasons);
    EXPECT_EQ(bits[0], 0);
    EXPECT_EQ(bits[1], 6);
    EXPECT_EQ(bits[2], 0);
    EXPECT_TRUE(std::isnan(bits[3]));
}

TEST(Merge, BitsThatAreNoBitsAreMissing) {
    const Columns few =
        merge(rows_at({0, 10, 20}, Metric::throttle_reasons, {-1.0, 1e300, INFINITY}), 1);
    for (const double value : values_of(few, Metric::throttle_reasons)) {
        EXPECT_TRUE(std::isnan(value));
    }
}

TEST(Merge, MissingReadingsCountForNothing) {
    const Columns few = merge(
        rows_at({0, 10, 20, 30, 40, 50, 60}, Metric::power, {100, nan, 300, nan, nan, nan, nan}),
        1);
    const auto watts = values_of(few, Metric::power);
    EXPECT_EQ(watts[0], 100);
    EXPECT_EQ(watts[1], 300);
    EXPECT_TRUE(std::isnan(watts[2]));
    EXPECT_TRUE(std::isnan(watts[3]));
}

TEST(Merge, AMetricThatAppearsLaterIsMissingBefore) {
    Merger merger(1);
    merger.push(rows_at({0, 10, 20, 30}, Metric::power, {1, 1, 1, 1}));
    merger.push(rows_at({40, 50, 60, 70}, Metric::average_power, {5, 5, 5, 5}));
    const Columns few = merger.finish();
    const auto average = values_of(few, Metric::average_power);
    ASSERT_EQ(average.size(), few.size());
    EXPECT_TRUE(std::isnan(average.front()));
    EXPECT_EQ(average.back(), 5);
}

} // namespace
} // namespace joulemark::store
