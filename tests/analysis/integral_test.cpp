#include "analysis/integral.hpp"
#include "analysis/synthetic_trace.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>

namespace joulemark::analysis {
namespace {

using testing::at_seconds;
using testing::Readings;
using testing::window_of;

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

Readings triangle() {
    Readings readings;
    readings.add(0.0, 100.0);
    readings.add(0.3, 200.0);
    readings.add(1.0, 100.0);
    return readings;
}

// Irregular readings of 1 to 1000 W, 1 to 1000 ms apart, some of them missing.
Readings arbitrary_readings() {
    const auto count = *rc::gen::inRange<std::size_t>(2, 3000);
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    const bool with_missing = *rc::gen::arbitrary<bool>();
    const RandomStream random{seed, 7};
    Readings readings;
    std::int64_t ns = 0;
    for (std::size_t i = 0; i < count; ++i) {
        ns += 1'000'000 + static_cast<std::int64_t>(random.uniform(3 * i) * 999e6);
        readings.time.push_back(instant_at(ns));
        const bool lost =
            with_missing && i > 0 && i + 1 < count && random.uniform(3 * i + 1) < 0.05;
        readings.watts.push_back(lost ? missing : 1.0 + 999.0 * random.uniform(3 * i + 2));
    }
    return readings;
}

TEST(Integrate, ConstantPowerTimesTimeIsEnergy) {
    Readings readings;
    for (int i = 0; i <= 5000; ++i) {
        readings.add(0.01 * i, 350.0);
    }
    const Integral integral = integrate(readings.view(), window_of(0, 50));
    EXPECT_DOUBLE_EQ(integral.energy.value(), 350.0 * 50.0);
    EXPECT_EQ(integral.coverage.covered, Nanoseconds{50'000'000'000});
}

TEST(Integrate, TrapezoidOverUnevenReadings) {
    EXPECT_DOUBLE_EQ(integrate(triangle().view(), window_of(0, 1)).energy.value(), 150.0);
}

TEST(Integrate, EdgesAreInterpolated) {
    // From 0.15 s (150 W) to 0.3 s (200 W), then to 0.65 s (150 W).
    const double expected = 0.15 * 175.0 + 0.35 * 175.0;
    EXPECT_NEAR(
        integrate(triangle().view(), window_of(0.15, 0.65)).energy.value(), expected, 1e-12);
}

TEST(Integrate, AWindowBetweenTwoReadingsLiesOnTheirLine) {
    const Integral integral = integrate(triangle().view(), window_of(0.1, 0.2));
    EXPECT_NEAR(integral.energy.value(), 0.1 * 150.0, 1e-12);
    EXPECT_EQ(integral.coverage.covered, Nanoseconds{100'000'000});
}

TEST(Integrate, AGapIsLeftOutAndItsLengthReturned) {
    Readings readings = triangle();
    readings.gaps.push_back({window_of(0.3, 1.0), GapReason::device_lost});
    const Integral integral = integrate(readings.view(), window_of(0, 1));
    EXPECT_NEAR(integral.energy.value(), 45.0, 1e-12);
    EXPECT_EQ(integral.coverage.covered, Nanoseconds{300'000'000});
    EXPECT_EQ(integral.coverage.in_gaps, Nanoseconds{700'000'000});
}

TEST(Integrate, OverlappingGapsInAnyOrderCountOnce) {
    Readings readings = triangle();
    readings.gaps.push_back({window_of(0.6, 0.9), GapReason::read_failed});
    readings.gaps.push_back({window_of(0.5, 0.7), GapReason::missed_deadline});
    readings.gaps.push_back({window_of(-5.0, 0.1), GapReason::missed_deadline});
    const Coverage coverage = integrate(readings.view(), window_of(0, 1)).coverage;
    EXPECT_EQ(coverage.in_gaps, Nanoseconds{500'000'000});
    EXPECT_EQ(coverage.covered, Nanoseconds{500'000'000});
}

TEST(Integrate, TimeBeyondTheReadingsIsNotInvented) {
    const Integral integral = integrate(triangle().view(), window_of(-1, 3));
    EXPECT_DOUBLE_EQ(integral.energy.value(), 150.0);
    EXPECT_EQ(integral.coverage.outside, Nanoseconds{3'000'000'000});
}

TEST(Integrate, FailedReadingsAreBridgedByTheirNeighbours) {
    Readings readings;
    readings.add(-1.0, missing);
    readings.add(0.0, 100.0);
    readings.add(0.5, missing);
    readings.add(1.0, 200.0);
    readings.add(2.0, std::numeric_limits<double>::infinity());
    const Integral integral = integrate(readings.view(), window_of(-1, 2));
    EXPECT_DOUBLE_EQ(integral.energy.value(), 150.0);
    EXPECT_EQ(integral.coverage.outside, Nanoseconds{2'000'000'000});
}

TEST(Integrate, AFailedReadingBesideAnEdgeIsBridgedToo) {
    Readings readings;
    for (int i = 0; i <= 5; ++i) {
        readings.add(i, i == 1 || i == 4 ? missing : 100.0);
    }
    EXPECT_DOUBLE_EQ(integrate(readings.view(), window_of(0.5, 4.5)).energy.value(), 400.0);
    EXPECT_DOUBLE_EQ(integrate(readings.view(), window_of(1.0, 4.0)).energy.value(), 300.0);
}

TEST(Integrate, NothingToIntegrateCoversNothing) {
    Readings one;
    one.add(0.0, 100.0);
    Readings blind;
    blind.add(0.0, missing);
    blind.add(1.0, missing);
    for (const PowerView& view : {PowerView{}, one.view(), blind.view()}) {
        const Integral integral = integrate(view, window_of(0, 1));
        EXPECT_EQ(integral.coverage.covered, Nanoseconds{0});
        EXPECT_EQ(integral.coverage.outside, Nanoseconds{1'000'000'000});
        EXPECT_FALSE(power_moments(view, window_of(0, 1)));
        EXPECT_EQ(CumulativeEnergy{view}.over(window_of(0, 1)).coverage, integral.coverage);
    }
}

TEST(Integrate, AnEmptyWindowCoversNothing) {
    EXPECT_FALSE(power_moments(triangle().view(), window_of(0.5, 0.5)));
    EXPECT_EQ(integrate(triangle().view(), window_of(0.5, 0.5)).coverage, Coverage{});
}

TEST(Integrate, DaysOfTenthsOfAWattAddUpExactly) {
    // 0.1 W cannot be written in binary; ten million plain additions would drift in the eighth
    // digit.
    Readings readings;
    for (int i = 0; i <= 2'000'000; ++i) {
        readings.time.push_back(instant_at(i * 100'000'000LL));
        readings.watts.push_back(i % 2 == 0 ? 0.1 : 0.3);
    }
    const double energy = integrate(readings.view(), readings.extent()).energy.value();
    EXPECT_NEAR(energy, 0.2 * 200'000.0, 1e-9);
}

TEST(Integrate, AnIntervalOfMonthsIsIntegrated) {
    Readings readings;
    for (int i = 0; i <= 4; ++i) {
        readings.add(100.0 * 86'400.0 * i, i % 2 == 0 ? 10.0 : 20.0);
    }
    const double energy = integrate(readings.view(), readings.extent()).energy.value();
    EXPECT_NEAR(energy, 15.0 * 4 * 8.64e6, 1e-3);
}

TEST(PowerMoments, OfASquareWave) {
    // 100 W and 300 W in equal shares with edges of 1 us: mean 200 W, standard deviation 100 W.
    Readings readings;
    for (int i = 0; i < 100; ++i) {
        readings.add(i, i % 2 == 0 ? 100.0 : 300.0);
        readings.add(i + 1 - 1e-6, i % 2 == 0 ? 100.0 : 300.0);
    }
    const auto moments = power_moments(readings.view(), window_of(0, 99.999999));
    ASSERT_TRUE(moments);
    EXPECT_NEAR(moments->mean.value(), 200.0, 1e-5);
    EXPECT_NEAR(moments->variance, 10'000.0, 1e-2);
    EXPECT_EQ(moments->min, 100_W);
    EXPECT_EQ(moments->peak, 300_W);
    EXPECT_EQ(moments->peak_time, at_seconds(1));
}

TEST(PowerMoments, VarianceIsTheTimeWeightedPopulationOne) {
    // By hand: mean 150; deviations -50, 50, -50.
    // ((50^2 + 50^2)/2 * 0.3 + (50^2 + 50^2)/2 * 0.7) / 1 = 2500.
    const auto moments = power_moments(triangle().view(), window_of(0, 1));
    ASSERT_TRUE(moments);
    EXPECT_NEAR(moments->variance, 2500.0, 1e-9);
    EXPECT_EQ(moments->peak_time, at_seconds(0.3));
}

TEST(PowerMoments, SmallVariationOnALargeLevelIsNotLost) {
    Readings readings;
    for (int i = 0; i <= 10'000; ++i) {
        readings.add(0.01 * i, 1e6 + (i % 2 == 0 ? 0.001 : -0.001));
    }
    const auto moments = power_moments(readings.view(), readings.extent());
    ASSERT_TRUE(moments);
    EXPECT_NEAR(moments->variance, 1e-6, 1e-9);
}

TEST(PowerMoments, AConstantReadingHasNoVarianceAtAll) {
    Readings readings;
    for (int i = 0; i <= 3000; ++i) {
        readings.add(0.0137 * i, 123.4);
    }
    const auto moments = power_moments(readings.view(), window_of(0.005, 33.3));
    ASSERT_TRUE(moments);
    EXPECT_EQ(moments->variance, 0.0);
    EXPECT_EQ(moments->mean, Watts{123.4});
    EXPECT_EQ(moments->min, moments->peak);
}

TEST(PowerMoments, ThePeakMayLieOnAnEdge) {
    Readings readings;
    readings.add(0.0, 0.0);
    readings.add(1.0, 100.0);
    const auto moments = power_moments(readings.view(), window_of(0.2, 0.6));
    ASSERT_TRUE(moments);
    EXPECT_NEAR(moments->peak.value(), 60.0, 1e-9);
    EXPECT_NEAR(moments->min.value(), 20.0, 1e-9);
    EXPECT_EQ(moments->peak_time, at_seconds(0.6));
}

RC_GTEST_PROP(PowerMoments, AgreeWithAPlainLoop, ()) {
    const Readings readings = arbitrary_readings();
    double energy = 0.0;
    double square = 0.0;
    double previous_t = 0.0;
    double previous_p = missing;
    for (std::size_t i = 0; i < readings.time.size(); ++i) {
        if (std::isnan(readings.watts[i])) {
            continue;
        }
        const double t = to_seconds(readings.time[i] - readings.time.front()).value();
        if (!std::isnan(previous_p)) {
            const double dt = t - previous_t;
            energy += 0.5 * (previous_p + readings.watts[i]) * dt;
            square += 0.5 * (previous_p * previous_p + readings.watts[i] * readings.watts[i]) * dt;
        }
        previous_t = t;
        previous_p = readings.watts[i];
    }
    const double length = to_seconds(readings.extent().length()).value();
    const double variance = square / length - (energy / length) * (energy / length);

    const auto moments = power_moments(readings.view(), readings.extent());
    RC_ASSERT(moments.has_value());
    RC_ASSERT(std::abs(moments->integral.energy.value() - energy) <= 1e-12 * energy);
    RC_ASSERT(std::abs(moments->variance - variance) <= 1e-6 + 1e-9 * variance);
    const auto good = [](double p) { return !std::isnan(p); };
    std::vector<double> watts;
    std::ranges::copy_if(readings.watts, std::back_inserter(watts), good);
    RC_ASSERT(moments->peak.value() == *std::ranges::max_element(watts));
    RC_ASSERT(moments->min.value() == *std::ranges::min_element(watts));
    const auto peak = std::ranges::find(readings.watts, moments->peak.value());
    const auto peak_index = static_cast<std::size_t>(peak - readings.watts.begin());
    RC_ASSERT(moments->peak_time == readings.time[peak_index]);
}

RC_GTEST_PROP(Integrate, IsAdditiveOverASplit, ()) {
    Readings readings = arbitrary_readings();
    const Window extent = readings.extent();
    const auto inside = [&] {
        return extent.begin +
               Nanoseconds{*rc::gen::inRange<std::int64_t>(0, extent.length().count())};
    };
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        const Instant a = inside();
        const Instant b = inside();
        readings.gaps.push_back({{std::min(a, b), std::max(a, b)}, GapReason::read_failed});
    }
    const Instant split = inside();
    const Integral whole = integrate(readings.view(), extent);
    const Integral left = integrate(readings.view(), {extent.begin, split});
    const Integral right = integrate(readings.view(), {split, extent.end});
    RC_ASSERT(std::abs((left.energy + right.energy - whole.energy).value()) <=
              1e-9 * (1.0 + whole.energy.value()));
    RC_ASSERT(left.coverage.covered + right.coverage.covered == whole.coverage.covered);
    RC_ASSERT(left.coverage.in_gaps + right.coverage.in_gaps == whole.coverage.in_gaps);
    RC_ASSERT(whole.coverage.covered + whole.coverage.in_gaps + whole.coverage.outside ==
              extent.length());
}

RC_GTEST_PROP(CumulativeEnergy, AgreesWithIntegrateOnAnyWindow, ()) {
    Readings readings = arbitrary_readings();
    const Window extent = readings.extent();
    const std::int64_t length = extent.length().count();
    const auto around = [&] {
        return extent.begin + Nanoseconds{*rc::gen::inRange(-length / 2, length + length / 2)};
    };
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        const Instant a = around();
        const Instant b = around();
        readings.gaps.push_back({{std::min(a, b), std::max(a, b)}, GapReason::read_failed});
    }
    const CumulativeEnergy cumulative{readings.view()};
    for (int i = 0; i < 20; ++i) {
        const Instant a = around();
        const Instant b = around();
        const Window window{std::min(a, b), std::max(a, b)};
        const Integral direct = integrate(readings.view(), window);
        const Integral prefix = cumulative.over(window);
        RC_ASSERT(prefix.coverage == direct.coverage);
        RC_ASSERT(std::abs((prefix.energy - direct.energy).value()) <= 1e-6);
    }
}

} // namespace
} // namespace joulemark::analysis
