#include "analysis/statistics.hpp"
#include "analysis/synthetic_trace.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace joulemark::analysis {
namespace {

using testing::at_seconds;
using testing::Load;
using testing::observe;
using testing::Readings;
using testing::window_of;

// Readings of mean + stdev * AR(1), one every 100 ms.
Readings autoregressive_power(
    double mean, double stdev, double phi, std::size_t count, std::uint64_t seed) {
    const RandomStream noise{seed, 12};
    Readings readings;
    double x = noise.normal(0);
    for (std::size_t i = 0; i <= count; ++i) {
        readings.add(0.1 * static_cast<double>(i), mean + stdev * x);
        x = phi * x + std::sqrt(1.0 - phi * phi) * noise.normal(i + 1);
    }
    return readings;
}

struct Coverage95 {
    int intervals = 0; // given
    int mean = 0;      // of those, how many hold the truth
    int cv = 0;
    double mean_width = 0.0;
};

Coverage95 coverage_of(double cv, double phi, std::size_t count, int trials) {
    Coverage95 result;
    const double mean = 400.0;
    for (int trial = 0; trial < trials; ++trial) {
        const Readings readings = autoregressive_power(
            mean, cv * mean, phi, count, static_cast<std::uint64_t>(trial) + 1000);
        const auto stats = power_statistics(readings.view(), readings.extent(), {100_ms, {}});
        if (!stats || !stats->cv || !stats->cv->interval || !stats->mean.interval) {
            continue;
        }
        ++result.intervals;
        const auto& cv_found = *stats->cv->interval;
        const auto& mean_found = *stats->mean.interval;
        result.cv += cv_found.low <= cv && cv <= cv_found.high ? 1 : 0;
        result.mean += mean_found.low.value() <= mean && mean <= mean_found.high.value() ? 1 : 0;
    }
    return result;
}

struct CoverageCase {
    double cv;
    double phi;
    std::size_t count;
};

class IntervalCoverage : public ::testing::TestWithParam<CoverageCase> {};

TEST_P(IntervalCoverage, OfKnownAutoregressionsIsNear95Percent) {
    constexpr int trials = 1000;
    const auto [cv, phi, count] = GetParam();
    const Coverage95 found = coverage_of(cv, phi, count, trials);
    RecordProperty("mean_percent", found.mean * 100 / trials);
    RecordProperty("cv_percent", found.cv * 100 / trials);
    EXPECT_GE(found.intervals, 990);
    EXPECT_GE(found.mean, found.intervals * 93 / 100);
    EXPECT_LE(found.mean, found.intervals * 98 / 100);
    EXPECT_GE(found.cv, found.intervals * 93 / 100);
    EXPECT_LE(found.cv, found.intervals * 98 / 100);
}

// 11 to 333 effective samples.
INSTANTIATE_TEST_SUITE_P(PowerStatistics,
                         IntervalCoverage,
                         ::testing::Values(CoverageCase{0.10, 0.0, 50},
                                           CoverageCase{0.10, 0.0, 300},
                                           CoverageCase{0.03, 0.5, 100},
                                           CoverageCase{0.15, 0.5, 1000},
                                           CoverageCase{0.10, 0.8, 200},
                                           CoverageCase{0.10, 0.9, 600},
                                           CoverageCase{0.30, 0.9, 1500}));

TEST(PowerStatistics, CvOfSpikyPowerHasAWiderInterval) {
    // Exponential deviations scatter the standard deviation with (kurtosis - 1)/4n = 2/n instead of
    // 1/2n: an interval for normal ones would hold the truth in two trials of three.
    constexpr int trials = 500;
    int held = 0;
    for (std::uint64_t seed = 0; seed < trials; ++seed) {
        const RandomStream random{seed, 13};
        Readings readings;
        for (std::uint64_t i = 0; i <= 500; ++i) {
            readings.add(0.1 * static_cast<double>(i),
                         360.0 - 40.0 * std::log1p(-random.uniform(i)));
        }
        const auto stats = power_statistics(readings.view(), readings.extent(), {100_ms, {}});
        ASSERT_TRUE(stats && stats->cv && stats->cv->interval);
        held += stats->cv->interval->low <= 0.1 && 0.1 <= stats->cv->interval->high ? 1 : 0;
    }
    EXPECT_GE(held, trials * 90 / 100);
}

TEST(PowerStatistics, OfFiveEffectiveSamplesCoverNotFarBelow) {
    // 100 readings of phi 0.9: the correlation itself is hardly known there.
    const Coverage95 found = coverage_of(0.10, 0.9, 100, 1000);
    EXPECT_GE(found.mean, found.intervals * 88 / 100);
    EXPECT_GE(found.cv, found.intervals * 88 / 100);
}

TEST(PowerStatistics, IntervalsThatIgnoreCorrelationWouldFail) {
    // What the same readings would give as independent ones: far too narrow, so the above is no
    // accident.
    int naive = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        const Readings readings = autoregressive_power(400, 40, 0.9, 600, seed);
        const auto stats = power_statistics(readings.view(), readings.extent(), {100_ms, {}});
        ASSERT_TRUE(stats);
        const double half = 1.96 * stats->stdev.value() / std::sqrt(600.0);
        naive += std::abs(stats->mean.value.value() - 400.0) <= half ? 1 : 0;
    }
    EXPECT_LT(naive, 300 * 60 / 100);
}

TEST(PowerStatistics, CvIsTheTimeWeightedPopulationOne) {
    Readings readings;
    readings.add(0.0, 100.0);
    readings.add(0.3, 200.0);
    readings.add(1.0, 100.0);
    const auto stats = power_statistics(readings.view(), window_of(0, 1), {});
    ASSERT_TRUE(stats && stats->cv);
    EXPECT_NEAR(stats->mean.value.value(), 150.0, 1e-9);
    EXPECT_NEAR(stats->stdev.value(), 50.0, 1e-9);
    EXPECT_NEAR(stats->cv->value, 1.0 / 3.0, 1e-12);
    EXPECT_EQ(stats->peak_time, at_seconds(0.3));
    EXPECT_FALSE(stats->cv->interval);
}

TEST(PowerStatistics, AConstantReadingIsNotJudged) {
    Readings readings;
    for (int i = 0; i <= 1000; ++i) {
        readings.add(0.1 * i, 76.0);
    }
    const auto stats = power_statistics(readings.view(), readings.extent(), {});
    ASSERT_TRUE(stats);
    EXPECT_TRUE(stats->constant_reading);
    EXPECT_FALSE(stats->cv);
    EXPECT_FALSE(stats->mean.interval);
    EXPECT_FALSE(stats->effective_samples);
    EXPECT_EQ(stats->mean.value, 76_W);
    EXPECT_EQ(stats->percentiles.p50, 76_W);
}

TEST(PowerStatistics, AWindowWithoutTwoReadingsIsNeitherConstantNorVarying) {
    Readings readings;
    readings.add(0, 100);
    readings.add(10, 100);
    const auto stats = power_statistics(readings.view(), window_of(2, 8), {});
    ASSERT_TRUE(stats);
    EXPECT_FALSE(stats->constant_reading);
    EXPECT_FALSE(stats->cv);
    EXPECT_EQ(stats->energy, 600_J);
}

TEST(PowerStatistics, ASlowTrendGivesNoInterval) {
    Readings readings;
    for (int i = 0; i <= 600; ++i) {
        readings.add(0.1 * i, 300.0 + 0.1 * i);
    }
    const auto stats = power_statistics(readings.view(), readings.extent(), {100_ms, {}});
    ASSERT_TRUE(stats && stats->effective_samples && stats->cv);
    EXPECT_LT(*stats->effective_samples, fewest_effective_samples);
    EXPECT_FALSE(stats->mean.interval);
    EXPECT_FALSE(stats->cv->interval);
}

TEST(PowerStatistics, PollingFasterThanTheSensorBuysNothing) {
    Load load;
    load.hold(60, 400);
    const Readings slow = observe(load, {.interval = 0.1, .update = 0.1, .noise = 20.0}, 5);
    const Readings fast = observe(load, {.interval = 0.01, .update = 0.1, .noise = 20.0}, 5);
    const auto a = power_statistics(slow.view(), slow.extent(), {100_ms, {}});
    const auto b = power_statistics(fast.view(), fast.extent(), {100_ms, {}});
    const auto c = power_statistics(fast.view(), fast.extent(), {});
    ASSERT_TRUE(a && b && c && a->effective_samples && b->effective_samples);
    ASSERT_TRUE(c->effective_samples);
    EXPECT_NEAR(*a->effective_samples, 600, 120);
    EXPECT_NEAR(*b->effective_samples, *a->effective_samples, 0.1 * *a->effective_samples);
    EXPECT_NEAR(*c->effective_samples, *a->effective_samples, 0.1 * *a->effective_samples);
}

TEST(PowerStatistics, AnAveragingSensorHasOneIndependentReadingPerWindow) {
    Load load;
    for (int i = 0; i < 600; ++i) {
        load.hold(0.1, i % 3 == 0 ? 300 : 450);
    }
    const Readings readings =
        observe(load, {.interval = 0.1, .update = 0.1, .window = 1.0, .noise = 1.0}, 6);
    const auto stats = power_statistics(readings.view(), readings.extent(), {100_ms, 1_s});
    ASSERT_TRUE(stats && stats->effective_samples);
    EXPECT_LE(*stats->effective_samples, 60.0 + 1e-9);
}

TEST(PowerStatistics, GapsAreOutOfEverything) {
    Readings readings;
    const RandomStream noise{1, 9};
    for (std::uint64_t i = 0; i <= 1000; ++i) {
        const bool lost = i >= 400 && i < 600;
        if (!lost || i == 500) {
            readings.add(0.1 * static_cast<double>(i), lost ? 9000.0 : 200.0 + noise.normal(i));
        }
    }
    readings.gaps.push_back({window_of(39.9, 60.0), GapReason::device_lost});
    const auto stats = power_statistics(readings.view(), readings.extent(), {100_ms, {}});
    ASSERT_TRUE(stats && stats->cv);
    EXPECT_NEAR(stats->mean.value.value(), 200.0, 0.2);
    EXPECT_LT(stats->peak, 210_W);
    EXPECT_LT(stats->cv->value, 0.01);
    EXPECT_NEAR(to_seconds(stats->coverage.in_gaps).value(), 20.1, 1e-9);
    EXPECT_LT(stats->percentiles.p99, 210_W);
    ASSERT_TRUE(stats->effective_samples && stats->cv->interval);
    EXPECT_NEAR(*stats->effective_samples, 800, 120);
    EXPECT_NEAR(stats->cv->interval->low, 0.005, 0.0006);
    EXPECT_NEAR(stats->cv->interval->high, 0.005, 0.0006);
}

TEST(PowerStatistics, PercentilesOfAUniformSpread) {
    Readings readings;
    for (int i = 0; i <= 1000; ++i) {
        readings.add(i, 100.0 + (i * 379) % 1000);
    }
    const auto stats = power_statistics(readings.view(), readings.extent(), {});
    ASSERT_TRUE(stats);
    EXPECT_NEAR(stats->percentiles.p1.value(), 110, 2);
    EXPECT_NEAR(stats->percentiles.p5.value(), 150, 2);
    EXPECT_NEAR(stats->percentiles.p50.value(), 600, 2);
    EXPECT_NEAR(stats->percentiles.p95.value(), 1050, 2);
    EXPECT_NEAR(stats->percentiles.p99.value(), 1090, 2);
}

TEST(PowerStatistics, OfAPowerThatIsZeroHasNoCv) {
    Readings readings;
    for (int i = 0; i <= 20; ++i) {
        readings.add(i, i % 2 == 0 ? 1.0 : -1.0);
    }
    const auto stats = power_statistics(readings.view(), readings.extent(), {});
    ASSERT_TRUE(stats);
    EXPECT_FALSE(stats->cv);
}

TEST(PowerStatistics, OfNothingAreNothing) {
    EXPECT_FALSE(power_statistics({}, window_of(0, 1), {}));
}

} // namespace
} // namespace joulemark::analysis
