#include "analysis/quantiles.hpp"
#include "analysis/synthetic_trace.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace joulemark::analysis {
namespace {

using testing::Readings;
using testing::window_of;

TEST(WeightedQuantiles, EqualWeightsGiveOrderStatistics) {
    const std::vector<WeightedValue> values{{3, 1}, {1, 1}, {4, 1}, {2, 1}};
    EXPECT_EQ(weighted_quantiles(values, std::array{0.0, 0.25, 0.26, 0.5, 0.75, 1.0}),
              (std::vector<double>{1, 1, 2, 2, 3, 4}));
}

TEST(WeightedQuantiles, AHeavyValueTakesItsShare) {
    const std::vector<WeightedValue> values{{10, 1}, {20, 8}, {30, 1}};
    EXPECT_EQ(weighted_quantiles(values, std::array{0.05, 0.11, 0.9, 0.95}),
              (std::vector<double>{10, 20, 20, 30}));
}

TEST(WeightedQuantiles, ComeInTheOrderAsked) {
    const std::vector<WeightedValue> values{{1, 1}, {2, 1}, {3, 1}};
    EXPECT_EQ(weighted_quantiles(values, std::array{1.0, 0.0, 0.5}),
              (std::vector<double>{3, 1, 2}));
}

TEST(WeightedQuantiles, OfNothingAreNothing) {
    EXPECT_TRUE(weighted_quantiles({}, std::array{0.5}).empty());
    EXPECT_TRUE(weighted_quantiles({{1, 0}}, std::array{0.5}).empty());
}

TEST(WeightedQuantiles, ProbabilitiesOutsideAreTheEnds) {
    EXPECT_EQ(weighted_quantiles({{1, 1}, {2, 1}}, std::array{-3.0, 7.0}),
              (std::vector<double>{1, 2}));
}

RC_GTEST_PROP(WeightedQuantiles, AgreeWithASort, ()) {
    std::vector<WeightedValue> values;
    const auto pairs = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 50), rc::gen::inRange(1, 9))));
    for (const auto& [value, weight] : pairs) {
        values.push_back({static_cast<double>(value), static_cast<double>(weight)});
    }
    const std::array probabilities{0.01, 0.05, 0.5, 0.95, 0.99};
    const auto found = weighted_quantiles(values, probabilities);

    std::ranges::sort(values, {}, &WeightedValue::value);
    double total = 0.0;
    for (const WeightedValue& v : values) {
        total += v.weight;
    }
    for (std::size_t i = 0; i < probabilities.size(); ++i) {
        double below = 0.0;
        double expected = values.back().value;
        for (const WeightedValue& v : values) {
            below += v.weight;
            if (below >= probabilities[i] * total) {
                expected = v.value;
                break;
            }
        }
        RC_ASSERT(found[i] == expected);
    }
}

TEST(PowerQuantiles, WeighReadingsByTheirTime) {
    // 900 readings in the first second at 100 W, 9 in the following nine seconds at 200 W.
    Readings readings;
    for (int i = 0; i < 900; ++i) {
        readings.add(i / 900.0, 100.0);
    }
    for (int i = 1; i <= 10; ++i) {
        readings.add(i, 200.0);
    }
    const auto quantiles =
        power_quantiles(readings.view(), window_of(0, 10), std::array{0.05, 0.5, 0.95});
    ASSERT_EQ(quantiles.size(), 3U);
    EXPECT_EQ(quantiles[0], 100_W);
    EXPECT_EQ(quantiles[1], 200_W);
    EXPECT_EQ(quantiles[2], 200_W);
}

TEST(PowerQuantiles, LeaveGapsOut) {
    Readings readings;
    for (int i = 0; i <= 100; ++i) {
        readings.add(i, i < 50 ? 100.0 : 300.0);
    }
    readings.gaps.push_back({window_of(49.5, 100), GapReason::device_lost});
    const auto quantiles = power_quantiles(readings.view(), window_of(0, 100), std::array{0.98});
    ASSERT_EQ(quantiles.size(), 1U);
    EXPECT_EQ(quantiles.front(), 100_W);
}

TEST(PowerQuantiles, OfAnUncoveredWindowAreNothing) {
    Readings readings;
    readings.add(0, 1);
    readings.add(1, 1);
    EXPECT_TRUE(power_quantiles(readings.view(), window_of(2, 3), std::array{0.5}).empty());
}

TEST(Median, OfOddAndEvenCounts) {
    std::vector<double> odd{5, 1, 3};
    std::vector<double> even{4, 1, 3, 2};
    std::vector<double> none;
    EXPECT_EQ(median(odd), 3.0);
    EXPECT_EQ(median(even), 2.5);
    EXPECT_TRUE(std::isnan(median(none)));
}

} // namespace
} // namespace joulemark::analysis
