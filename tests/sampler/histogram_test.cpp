#include "sampler/histogram.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

namespace joulemark::sampler {
namespace {

using namespace std::chrono_literals;

TEST(DurationHistogram, KnowsNothingBeforeTheFirstDuration) {
    const DurationHistogram histogram;
    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.quantile(0.99), 0ns);
    EXPECT_EQ(histogram.largest(), 0ns);
}

TEST(DurationHistogram, ASingleDurationIsEveryQuantile) {
    DurationHistogram histogram;
    histogram.add(123'456ns);
    EXPECT_EQ(histogram.quantile(0.0), 123'456ns);
    EXPECT_EQ(histogram.quantile(0.5), 123'456ns);
    EXPECT_EQ(histogram.quantile(1.0), 123'456ns);
}

TEST(DurationHistogram, NegativeDurationsCountAsZero) {
    DurationHistogram histogram;
    histogram.add(-5ns);
    EXPECT_EQ(histogram.count(), 1U);
    EXPECT_EQ(histogram.quantile(1.0), 0ns);
}

TEST(DurationHistogram, TheLargestIsExactBeyondTheLastBucket) {
    DurationHistogram histogram;
    histogram.add(1ns);
    histogram.add(std::chrono::days{3});
    EXPECT_EQ(histogram.largest(), std::chrono::days{3});
    EXPECT_EQ(histogram.quantile(0.5), 1ns);
    EXPECT_GT(histogram.quantile(1.0), 1h);
}

RC_GTEST_PROP(DurationHistogram, QuantilesAreAtMostOneSixteenthAboveTheTrueOnes, ()) {
    const auto exponents = *rc::gen::nonEmpty(rc::gen::container<std::vector<double>>(
        rc::gen::map(rc::gen::inRange(0, 3'600), [](int x) { return x * 0.01; })));
    DurationHistogram histogram;
    std::vector<std::int64_t> sorted;
    for (const double e : exponents) {
        sorted.push_back(static_cast<std::int64_t>(std::exp2(e)));
        histogram.add(Nanoseconds{sorted.back()});
    }
    std::ranges::sort(sorted);
    for (const double q : {0.01, 0.5, 0.9, 0.99, 1.0}) {
        const double rank = std::ceil(q * static_cast<double>(sorted.size()));
        const std::int64_t truth = sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
        const std::int64_t bound = histogram.quantile(q).count();
        RC_ASSERT(bound >= truth);
        RC_ASSERT(static_cast<double>(bound) <= static_cast<double>(truth) * 17.0 / 16.0);
    }
}

} // namespace
} // namespace joulemark::sampler
