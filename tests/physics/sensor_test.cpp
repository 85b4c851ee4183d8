#include "physics/gpu_catalog.hpp"
#include "physics/sensor.hpp"
#include "physics/shapes.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <vector>

namespace joulemark::physics {
namespace {

using namespace std::chrono_literals;

Instant at(Nanoseconds t) { return Instant{t}; }

// A register without noise and rounding, so that its readings can be compared exactly.
SensorParameters plain(Nanoseconds period, Nanoseconds window, Nanoseconds delay = 0ns) {
    SensorParameters out;
    out.instant.update_period = period;
    out.instant.window = window;
    out.instant.delay = delay;
    out.instant.resolution = 0_W;
    return out;
}

SensorParameters plain_counter(Nanoseconds tick) {
    SensorParameters out = plain(100ms, 25ms);
    out.counter.emplace().tick = tick;
    return out;
}

TEST(Sensor, ShowsTheMeanOverItsWindowBeforeTheRefresh) {
    const PowerProfile truth(ramp(100_W, 700_W, 0s, 10s));
    const SimulatedSensor sensor(plain(100ms, 25ms, 20ms), 7);
    for (Nanoseconds t = 1s; t < 3s; t += 7ms) {
        const Instant refresh = sensor.refresh_time(at(t));
        EXPECT_LE(refresh, at(t));
        EXPECT_GT(refresh, at(t - 100ms));
        const Instant middle = refresh - 20ms - 12'500us;
        EXPECT_NEAR(sensor.reading(truth, at(t)).value(), truth.power_at(middle).value(), 1e-9);
    }
}

TEST(Sensor, HoldsItsReadingUntilTheNextRefresh) {
    const PowerProfile truth(ramp(100_W, 700_W, 0s, 10s));
    const SimulatedSensor sensor(plain(100ms, 25ms), 3);
    const Instant refresh = sensor.refresh_time(at(2s));
    EXPECT_EQ(sensor.reading(truth, refresh), sensor.reading(truth, refresh + 100ms - 1ns));
    EXPECT_LT(sensor.reading(truth, refresh), sensor.reading(truth, refresh + 100ms));
    EXPECT_EQ(sensor.refresh_time(refresh + 100ms), refresh + 100ms);
}

TEST(Sensor, GainAndOffsetApplyToTheReading) {
    SensorParameters parameters = plain(100ms, 25ms);
    parameters.instant.gain = 1.05;
    parameters.instant.offset = Watts{-4.0};
    const SimulatedSensor sensor(parameters, 1);
    EXPECT_DOUBLE_EQ(sensor.reading(PowerProfile(constant(200_W)), at(1s)).value(), 206.0);
}

TEST(Sensor, RoundsToMilliwattsAndNeverShowsLessThanNothing) {
    SensorParameters parameters = plain(100ms, 25ms);
    parameters.instant.resolution = Watts{1e-3};
    EXPECT_DOUBLE_EQ(SimulatedSensor(parameters, 1)
                         .reading(PowerProfile(constant(Watts{123.45678})), at(1s))
                         .value(),
                     123.457);
    parameters.instant.offset = Watts{-20.0};
    EXPECT_EQ(SimulatedSensor(parameters, 1).reading(PowerProfile(constant(10_W)), at(1s)), 0_W);
}

TEST(Sensor, NoiseIsOfTheGivenSizeAndIndependentFromRefreshToRefresh) {
    SensorParameters parameters = plain(100ms, 25ms);
    parameters.instant.noise = 2_W;
    const SimulatedSensor sensor(parameters, 11);
    const PowerProfile truth(constant(300_W));
    constexpr int count = 20'000;
    double sum = 0.0;
    double squares = 0.0;
    double neighbours = 0.0;
    double before = 0.0;
    for (int i = 0; i < count; ++i) {
        const double error = (sensor.reading(truth, at(1s + i * 100ms)) - 300_W).value();
        sum += error;
        squares += error * error;
        neighbours += error * before;
        before = error;
    }
    // Five standard errors each: sd/sqrt(n) of the mean, sd^2 sqrt(2/n) of the variance,
    // sd^2/sqrt(n).
    EXPECT_NEAR(sum / count, 0.0, 5 * 2.0 / std::sqrt(count));
    EXPECT_NEAR(squares / count, 4.0, 5 * 4.0 * std::sqrt(2.0 / count));
    EXPECT_NEAR(neighbours / count, 0.0, 5 * 4.0 / std::sqrt(count));
}

TEST(Sensor, PhaseComesFromTheSeed) {
    const PowerProfile truth(square(100_W, 700_W, 10s));
    double sum = 0.0;
    constexpr int seeds = 2000;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const SimulatedSensor sensor(plain(100ms, 25ms), seed);
        EXPECT_EQ(sensor.refresh_time(at(5s)),
                  SimulatedSensor(plain(100ms, 25ms), seed).refresh_time(at(5s)));
        sum += to_seconds(at(5s) - sensor.refresh_time(at(5s))).value();
    }
    // Uniform over the period: mean 50 ms, standard deviation 100 ms / sqrt(12).
    EXPECT_NEAR(sum / seeds, 0.050, 5 * 0.1 / std::sqrt(12.0 * seeds));
}

TEST(Sensor, JitterMovesRefreshesButKeepsTheirOrder) {
    SensorParameters parameters = plain(100ms, 25ms);
    parameters.instant.jitter = 45ms;
    const SimulatedSensor sensor(parameters, 5);
    Instant last = sensor.refresh_time(at(1s));
    int irregular = 0;
    for (Nanoseconds t = 1s; t < 60s; t += 1ms) {
        const Instant now = sensor.refresh_time(at(t));
        ASSERT_LE(now, at(t));
        ASSERT_GE(now, last);
        ASSERT_LE(at(t) - now, 190ms);
        ASSERT_EQ(sensor.refresh_time(now), now) << "a refresh shows as soon as it happens";
        if (now != last && now - last != 100ms) {
            ++irregular;
        }
        last = now;
    }
    EXPECT_GT(irregular, 500);
}

TEST(Sensor, BothRegistersShowTheSamePowerThroughTheirOwnWindows) {
    SensorParameters parameters = plain(100ms, 25ms);
    parameters.average = parameters.instant;
    parameters.average->window = 1s;
    const PowerProfile truth(step(100_W, 600_W, 10s));
    const SimulatedSensor sensor(parameters, 2);
    EXPECT_EQ(sensor.reading(truth, at(10300ms)), 600_W);
    const Watts half = *sensor.average(truth, at(10500ms));
    EXPECT_GT(half, 250_W);
    EXPECT_LT(half, 400_W);
    EXPECT_EQ(*sensor.average(truth, at(11200ms)), 600_W);
    EXPECT_FALSE(SimulatedSensor(plain(100ms, 25ms), 2).average(truth, at(0s)));
}

TEST(Sensor, AHundredOfAHundredMillisecondsTileToTheExactEnergy) {
    const PowerProfile truth(square(150_W, 700_W, 37ms, 0.3));
    const SimulatedSensor sensor(plain(100ms, 100ms), 9);
    const Instant first = sensor.refresh_time(at(10s));
    double sum = 0.0;
    for (int k = 1; k <= 300; ++k) {
        sum += sensor.reading(truth, first + k * 100ms).value() * 0.1;
    }
    EXPECT_NEAR(sum, truth.energy(first, first + 300 * 100ms).value(), 1e-6);
}

TEST(Sensor, PartTimeSensorAliasesWithALoadOfItsOwnPeriod) {
    // Refreshed every 100 ms and looking for 25 ms, it sees one and the same quarter of a 100 ms
    // load.
    const PowerProfile truth(square(150_W, 700_W, 100ms));
    double worst = 0.0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const SimulatedSensor sensor(plain(100ms, 25ms), seed);
        double sum = 0.0;
        for (int k = 0; k < 100; ++k) {
            sum += sensor.reading(truth, at(1s + k * 100ms)).value() / 100;
        }
        worst = std::max(worst, std::abs(sum / 425.0 - 1.0));
    }
    EXPECT_NEAR(worst, 275.0 / 425.0, 1e-9);
}

RC_GTEST_PROP(SensorProperty, MeanOverPhasesIsTheTruePowerOfASteadyLoad, ()) {
    const Watts power{0.1 * *rc::gen::inRange(500, 7000)};
    const PowerProfile truth(constant(power));
    SensorParameters parameters = sensor_parameters_for(*find_gpu("h100"));
    double sum = 0.0;
    constexpr int phases = 400;
    for (std::uint64_t seed = 0; seed < phases; ++seed) {
        sum += SimulatedSensor(parameters, seed).reading(truth, any_instant()).value();
    }
    const double standard_error = parameters.instant.noise.value() / std::sqrt(phases);
    RC_ASSERT(std::abs(sum / phases - power.value()) < 6 * standard_error + 1e-3);
}

RC_GTEST_PROP(SensorProperty, ReadingLiesBetweenTheExtremesOfTheTruth, ()) {
    const PowerCurve curve = any_power_curve();
    const PowerProfile truth(curve);
    const SimulatedSensor sensor(plain(20ms, 10ms, 55ms), *rc::gen::arbitrary<std::uint64_t>());
    const auto [low, high] = std::ranges::minmax_element(curve.knots, {}, &Knot<Watts>::value);
    const double reading = sensor.reading(truth, any_instant()).value();
    RC_ASSERT(reading >= low->value.value() - 1e-4 && reading <= high->value.value() + 1e-4);
}

TEST(Counter, MovesInTicksByTheTrueEnergyBetweenThem) {
    const PowerProfile truth(constant(500_W));
    const SimulatedSensor sensor(plain_counter(100ms), 4);
    std::vector<double> steps;
    double last = sensor.counter(truth, at(1s))->value();
    Nanoseconds changed{0};
    for (Nanoseconds t = 1s; t < 3s; t += 1ms) {
        const double now = sensor.counter(truth, at(t))->value();
        if (now == last) {
            continue;
        }
        if (changed > 0ns) {
            EXPECT_EQ(t - changed, 100ms);
            EXPECT_NEAR(now - last, 50.0, 2e-3);
        }
        changed = t;
        last = now;
        steps.push_back(now);
    }
    EXPECT_EQ(steps.size(), 20U);
}

TEST(Counter, TicksAtOtherMomentsThanTheRegistersAreRefreshed) {
    SensorParameters parameters = plain_counter(100ms);
    parameters.average = parameters.instant;
    const SimulatedSensor sensor(parameters, 8);
    const PowerProfile truth(ramp(0_W, 1000_W, 0s, 100s));
    const Instant refresh = sensor.refresh_time(at(50s));
    EXPECT_NE(sensor.reading(truth, refresh), *sensor.average(truth, refresh));
    EXPECT_EQ(sensor.counter(truth, refresh - 1ns), sensor.counter(truth, refresh));
}

TEST(Counter, StartsAtItsStartAndCountsFromItsOrigin) {
    SensorParameters parameters = plain_counter(100ms);
    parameters.counter->origin = at(100s);
    parameters.counter->start = 5000_J;
    parameters.counter->gain = 1.1;
    parameters.counter->offset = 2_W;
    const SimulatedSensor sensor(parameters, 4);
    const double shown = sensor.counter(PowerProfile(constant(100_W)), at(110s))->value();
    EXPECT_LE(shown, 5000 + 10 * (1.1 * 100 + 2));
    EXPECT_GE(shown, 5000 + 9.9 * (1.1 * 100 + 2) - 1e-3);
}

TEST(Counter, IsInWholeMillijoules) {
    const SimulatedSensor sensor(plain_counter(20ms), 4);
    const PowerProfile truth(constant(Watts{123.456789}));
    for (Nanoseconds t = 1s; t < 2s; t += 13ms) {
        const double millijoules = sensor.counter(truth, at(t))->value() * 1e3;
        EXPECT_NEAR(millijoules, std::round(millijoules), 1e-6);
    }
}

TEST(Counter, IsAbsentWhereTheGpuHasNone) {
    EXPECT_FALSE(
        SimulatedSensor(plain(20ms, 10ms), 1).counter(PowerProfile(constant(1_W)), at(0s)));
}

RC_GTEST_PROP(CounterProperty, NeverGoesBackwardsAndKeepsUpWithTheTruth, ()) {
    const PowerProfile truth(any_power_curve());
    SensorParameters parameters = plain_counter(100ms);
    parameters.counter->jitter = *rc::gen::element<Nanoseconds>(0ns, 5ms);
    const SimulatedSensor sensor(parameters, *rc::gen::arbitrary<std::uint64_t>());
    Instant t = any_instant();
    double last = sensor.counter(truth, t)->value();
    for (int i = 0; i < 200; ++i) {
        t += Nanoseconds{*rc::gen::inRange<std::int64_t>(0, 300'000'000)};
        const double now = sensor.counter(truth, t)->value();
        RC_ASSERT(now >= last);
        // Behind the truth by at most a tick and two jitters, at most 1000 W, and the rounding.
        const double behind = truth.energy(Instant{}, t).value() - now;
        RC_ASSERT(behind >= -1e-6 && behind <= 111.0);
        last = now;
    }
}

} // namespace
} // namespace joulemark::physics
