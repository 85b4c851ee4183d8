#include "analysis/power_view.hpp"
#include "analysis/synthetic_trace.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace joulemark::analysis {
namespace {

using testing::at_seconds;
using testing::Load;
using testing::observe;
using testing::Readings;
using testing::window_of;

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

TEST(PowerView, OfColumnsWithoutThatMetricIsEmpty) {
    Columns columns;
    columns.time = {at_seconds(0), at_seconds(1)};
    columns.values(Metric::power) = {10.0, 20.0};
    EXPECT_EQ(power_view(columns).power_watts.size(), 2U);
    EXPECT_TRUE(power_view(columns, {}, Metric::average_power).time.empty());
}

TEST(CoveredWindow, RunsFromTheFirstToTheLastGoodReading) {
    Readings readings;
    readings.add(0, missing);
    readings.add(1, 10);
    readings.add(2, missing);
    readings.add(3, 10);
    readings.add(4, missing);
    EXPECT_EQ(covered_window(readings.view(), window_of(-1, 9)), window_of(1, 3));
    EXPECT_EQ(covered_window(readings.view(), window_of(2, 9)), window_of(2, 3));
    EXPECT_FALSE(covered_window(readings.view(), window_of(3, 9)));
}

TEST(GapsWithin, AreMergedSortedAndCut) {
    const std::vector<Gap> gaps{{window_of(5, 6), GapReason::read_failed},
                                {window_of(1, 2), GapReason::read_failed},
                                {window_of(1.5, 3), GapReason::device_lost},
                                {window_of(8, 20), GapReason::device_lost},
                                {window_of(7, 7), GapReason::read_failed}};
    EXPECT_EQ(gaps_within(gaps, window_of(0, 10)),
              (std::vector<Window>{window_of(1, 3), window_of(5, 6), window_of(8, 10)}));
}

TEST(FindGaps, ComparesWithBothLimits) {
    Readings readings;
    for (const double t : {0.0, 0.01, 0.02, 0.08, 0.09, 0.3, 0.31}) {
        readings.add(t, 10);
    }
    const auto by_interval = find_gaps(readings.view(), 10_ms, std::nullopt);
    ASSERT_EQ(by_interval.size(), 2U);
    EXPECT_EQ(by_interval[0].window, window_of(0.02, 0.08));
    const auto by_sensor = find_gaps(readings.view(), 10_ms, 100_ms);
    ASSERT_EQ(by_sensor.size(), 1U);
    EXPECT_EQ(by_sensor[0].window, window_of(0.09, 0.3));
}

TEST(FindGaps, ARunOfFailedReadingsIsAGap) {
    Readings readings;
    for (int i = 0; i <= 10; ++i) {
        readings.add(i, i > 2 && i < 7 ? missing : 10.0);
    }
    const auto gaps = find_gaps(readings.view(), 1_s, std::nullopt, GapReason::read_failed);
    ASSERT_EQ(gaps.size(), 1U);
    EXPECT_EQ(gaps[0].window, window_of(2, 7));
    EXPECT_EQ(gaps[0].reason, GapReason::read_failed);
}

TEST(ObservedUpdatePeriod, IsTheRefreshAndNotThePoll) {
    Load load;
    load.hold(30, 400);
    const Readings readings = observe(load, {.interval = 0.01, .update = 0.1, .noise = 5.0}, 1);
    const auto period = observed_update_period(readings.view());
    ASSERT_TRUE(period);
    EXPECT_NEAR(period->value(), 0.1, 0.011);
    EXPECT_NEAR(median_interval(readings.view())->value(), 0.01, 1e-9);
}

TEST(ObservedUpdatePeriod, OfAConstantReadingIsUnknown) {
    Readings readings;
    for (int i = 0; i < 1000; ++i) {
        readings.add(0.01 * i, 75.0);
    }
    EXPECT_FALSE(observed_update_period(readings.view()));
    EXPECT_TRUE(is_constant(readings.view(), readings.extent()));
}

TEST(IsConstant, LooksOnlyInsideTheWindow) {
    Readings readings;
    for (int i = 0; i < 10; ++i) {
        readings.add(i, i == 2 ? 80.0 : 75.0);
    }
    EXPECT_FALSE(is_constant(readings.view(), readings.extent()));
    EXPECT_TRUE(is_constant(readings.view(), window_of(3, 9)));
}

TEST(SensorResolution, IsTheLargestOfAllThree) {
    EXPECT_EQ(sensor_resolution({}, 25_ms), 25_ms);
    EXPECT_EQ(sensor_resolution({100_ms, std::nullopt}, 25_ms), 100_ms);
    EXPECT_EQ(sensor_resolution({100_ms, 1_s}, 25_ms), 1_s);
}

} // namespace
} // namespace joulemark::analysis
