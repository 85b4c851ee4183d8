#include "analysis/derivatives.hpp"
#include "analysis/synthetic_trace.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace joulemark::analysis {
namespace {

using testing::at_seconds;
using testing::Load;
using testing::observe;
using testing::Readings;
using testing::Sensor;
using testing::window_of;

UniformGrid grid_of(const Readings& readings, double step) {
    return *node_means(readings.view(), readings.extent(), Seconds{step});
}

// Nodes as given, one second of `step` apart, nothing averaged.
UniformGrid grid_of_nodes(std::vector<double> watts, double step) {
    UniformGrid grid;
    grid.window = window_of(0, step * static_cast<double>(watts.size() - 1));
    grid.valid.assign(watts.size(), 1);
    grid.power_watts = std::move(watts);
    return grid;
}

TEST(SlopeNoise, FallsWithTheWindow) {
    // 20 * sqrt(12 * 0.025 / T^3)
    EXPECT_NEAR(slope_noise(20_W, 25_ms, 250_ms).value(), 88, 1);
    EXPECT_NEAR(slope_noise(20_W, 25_ms, 500_ms).value(), 31, 0.1);
    EXPECT_NEAR(slope_noise(20_W, 25_ms, 1_s).value(), 11, 0.1);
}

TEST(SlopeWindow, MakesTheThresholdFiveStandardDeviations) {
    // 0.67 s, up to the next even number of steps.
    EXPECT_NEAR(slope_window(20_W, 25_ms, WattsPerSecond{100}, 25_ms).value(), 0.7, 1e-9);
}

TEST(SlopeWindow, IsNotShorterThanTheSensor) {
    EXPECT_NEAR(slope_window(1_W, 25_ms, WattsPerSecond{100}, 1_s).value(), 1.0, 1e-9);
    EXPECT_NEAR(slope_window(0_W, 25_ms, WattsPerSecond{100}, 25_ms).value(), 0.05, 1e-9);
}

TEST(NoiseLevel, FindsTheNoiseAndNotTheSteps) {
    Load load;
    for (int i = 0; i < 10; ++i) {
        load.hold(5, 60).hold(5, 500);
    }
    const Readings readings = observe(load, {.noise = 20.0}, 3);
    const auto noise = noise_level(grid_of(readings, 0.025));
    ASSERT_TRUE(noise);
    EXPECT_NEAR(noise->working.value(), 20.0, 4.0);
}

TEST(NoiseLevel, WhileWorkingIsNotThatAtRest) {
    std::vector<double> watts(10'000, 30.0);
    const RandomStream random{1, 1};
    for (std::size_t i = 8000; i < 10'000; ++i) {
        watts[i] = 400.0 + 10.0 * random.normal(i);
    }
    const auto noise = noise_level(grid_of_nodes(watts, 0.1));
    ASSERT_TRUE(noise);
    EXPECT_NEAR(noise->working.value(), 10.0, 2.0);
    EXPECT_EQ(noise->quiet, 0_W);
}

TEST(NoiseLevel, DoesNotTakeBurstsForNoise) {
    // Batches of 3 s at 240 W with dips of 0.3 s between them, read every 100 ms.
    std::vector<double> watts;
    const RandomStream random{2, 1};
    for (std::size_t i = 0; i < 6600; ++i) {
        watts.push_back((i % 33 < 30 ? 240.0 : 60.0) + 4.0 * random.normal(i));
    }
    const auto noise = noise_level(grid_of_nodes(watts, 0.1));
    ASSERT_TRUE(noise);
    EXPECT_NEAR(noise->working.value(), 4.0, 1.0);
}

TEST(NoiseLevel, OfCorrelatedNoiseIsWhatItsMeansScatterBy) {
    // phi 0.5: a mean of four has variance 0.5156 and covariance 0.1099 with the next one, so their
    // difference scatters like that of white noise of sqrt(2 * 2 * (0.5156 - 0.1099)) = 1.274 times
    // the standard deviation.
    std::vector<double> watts{0.0};
    const RandomStream random{8, 1};
    for (std::size_t i = 1; i < 20'000; ++i) {
        watts.push_back(0.5 * watts.back() + std::sqrt(0.75) * 10.0 * random.normal(i));
    }
    const auto noise = noise_level(grid_of_nodes(watts, 0.1));
    ASSERT_TRUE(noise);
    EXPECT_NEAR(noise->working.value(), 12.74, 0.6);
}

TEST(NoiseLevel, LeavesGapsOut) {
    UniformGrid grid = grid_of_nodes(std::vector<double>(10, 5.0), 1.0);
    std::fill(grid.valid.begin(), grid.valid.end(), std::uint8_t{0});
    EXPECT_FALSE(noise_level(grid));
}

RC_GTEST_PROP(Slopes, AgreeWithAPlainFit, ()) {
    const RandomStream random{*rc::gen::arbitrary<std::uint64_t>(), 2};
    const auto count = *rc::gen::inRange<std::size_t>(3, 300);
    std::vector<double> watts;
    for (std::size_t i = 0; i < count; ++i) {
        watts.push_back(1000.0 * random.uniform(i));
    }
    const double step = 0.05;
    const std::size_t half = *rc::gen::inRange<std::size_t>(1, (count - 1) / 2 + 1);
    const UniformGrid grid = grid_of_nodes(watts, step);
    const auto slope = slopes(grid, Seconds{2.0 * static_cast<double>(half) * step});
    RC_ASSERT(slope.size() == count);
    for (std::size_t k = 0; k < count; ++k) {
        const std::size_t middle = std::clamp(k, half, count - 1 - half);
        double numerator = 0.0;
        double denominator = 0.0;
        for (std::size_t i = middle - half; i <= middle + half; ++i) {
            const double j = static_cast<double>(i) - static_cast<double>(middle);
            numerator += j * watts[i];
            denominator += j * j * step;
        }
        RC_ASSERT(std::abs(slope[k] - numerator / denominator) < 1e-6);
    }
}

TEST(Slopes, OfALineAreItsSlopeEverywhere) {
    std::vector<double> watts;
    for (int i = 0; i < 1000; ++i) {
        watts.push_back(100.0 + 0.5 * i);
    }
    for (const double s : slopes(grid_of_nodes(watts, 0.1), 3_s)) {
        EXPECT_NEAR(s, 5.0, 1e-9);
    }
}

TEST(Slopes, OfTwoNodesAreTheirDifference) {
    EXPECT_EQ(slopes(grid_of_nodes({1.0, 3.0}, 0.5), 10_s), (std::vector<double>{4.0, 4.0}));
}

TEST(Derivatives, ASlowRampIsResolved) {
    Load load;
    load.hold(10, 60).line(4, 60, 460).hold(10, 460).line(8, 460, 60).hold(10, 60);
    const Sensor sensor{.noise = 5.0};
    const auto found =
        derivatives(grid_of(observe(load, sensor, 4), 0.025), sensor.limits(), WattsPerSecond{25});
    ASSERT_TRUE(found && found->max_ramp && found->max_fall);
    EXPECT_NEAR(found->max_ramp->rate.value(), 100, 15); // noise of the slope is 5 W/s
    EXPECT_NEAR(found->max_fall->rate.value(), -50, 15);
    EXPECT_FALSE(found->max_ramp->unresolved);
    EXPECT_FALSE(found->max_fall->unresolved);
    EXPECT_GE(found->max_ramp->time, at_seconds(10));
    EXPECT_LE(found->max_ramp->time, at_seconds(14));
    EXPECT_NEAR(found->p99_abs.value(), 100, 15);
}

TEST(Derivatives, AStepIsALowerBound) {
    Load load;
    load.hold(10, 60).hold(10, 460).line(5, 460, 60).hold(10, 60);
    const Sensor sensor{.noise = 5.0};
    const auto found = derivatives(grid_of(observe(load, sensor, 4), 0.025), sensor.limits());
    ASSERT_TRUE(found && found->max_ramp && found->max_fall);
    EXPECT_TRUE(found->max_ramp->unresolved);
    EXPECT_NEAR(found->max_ramp->rate.value() * found->window.value(), 1.5 * 400, 60);
    EXPECT_FALSE(found->max_fall->unresolved);
}

TEST(Derivatives, AnAveragingSensorNeverShowsMoreThanItsWindowAllows) {
    // 75 to 600 W through a 1 s average is never more than 525 W/s.
    Load load;
    load.hold(10, 75).hold(10, 600);
    const Sensor sensor{.interval = 0.02, .update = 0.02, .window = 1.0, .noise = 0.5};
    const auto found = derivatives(grid_of(observe(load, sensor, 4), 0.02), sensor.limits());
    ASSERT_TRUE(found && found->max_ramp);
    EXPECT_GE(found->window, 1_s);
    EXPECT_LE(found->max_ramp->rate.value(), 530);
    EXPECT_TRUE(found->max_ramp->unresolved);
}

TEST(Derivatives, NoiseAloneIsNoStepAndStaysBelowTheThreshold) {
    Load load;
    load.hold(600, 400);
    const Sensor sensor{.noise = 20.0};
    const auto found = derivatives(grid_of(observe(load, sensor, 5), 0.025), sensor.limits());
    ASSERT_TRUE(found && found->max_ramp && found->max_fall);
    EXPECT_LT(found->max_ramp->rate.value(), 100);
    EXPECT_GT(found->max_fall->rate.value(), -100);
    EXPECT_FALSE(found->max_ramp->unresolved);
    EXPECT_FALSE(found->max_fall->unresolved);
}

TEST(Derivatives, AChordAcrossAGapIsNoSlope) {
    Readings readings;
    for (int i = 0; i <= 200; ++i) {
        if (i <= 100 || i >= 110) {
            readings.add(0.1 * i, i <= 100 ? 60.0 : 560.0);
        }
    }
    readings.gaps.push_back({window_of(10, 11), GapReason::device_lost});
    const auto found = derivatives(grid_of(readings, 0.1), {100_ms, {}});
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->max_ramp);
    EXPECT_FALSE(found->max_fall);
    EXPECT_NEAR(found->p99_abs.value(), 0.0, 1e-9);
}

TEST(Derivatives, OfTooFewNodesAreNothing) {
    EXPECT_FALSE(derivatives(grid_of_nodes({1, 2, 3}, 1.0), {}));
}

} // namespace
} // namespace joulemark::analysis
