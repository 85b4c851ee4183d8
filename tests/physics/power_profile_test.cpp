#include "physics/gpu_catalog.hpp"
#include "physics/load.hpp"
#include "physics/power_profile.hpp"
#include "physics/shapes.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace joulemark::physics {
namespace {

using namespace std::chrono_literals;

Instant at(Nanoseconds t) { return Instant{t}; }

TEST(PowerProfile, ConstantPowerTimesTimeIsEnergy) {
    const PowerProfile profile(constant(350_W));
    EXPECT_EQ(profile.energy(at(1s), at(3s)), 700_J);
    EXPECT_EQ(profile.energy(at(3s), at(1s)), -700_J);
    EXPECT_EQ(profile.energy(at(1s), at(1s)), 0_J);
    EXPECT_EQ(profile.energy({at(-2s), at(0s)}), 700_J);
}

TEST(PowerProfile, RampIsATrapezoid) {
    // 100 W to 500 W between 1 s and 3 s: 100*1 + (100+500)/2*2 + 500*1.
    const PowerProfile profile(ramp(100_W, 500_W, 1s, 2s));
    EXPECT_DOUBLE_EQ(profile.energy(at(0s), at(4s)).value(), 100.0 + 600.0 + 500.0);
    // From 1.5 s (200 W) to 2 s (300 W).
    EXPECT_DOUBLE_EQ(profile.energy(at(1500ms), at(2s)).value(), 125.0);
}

TEST(PowerProfile, SquareOverWholePeriodsHasTheMeanOfItsDuty) {
    const PowerProfile profile(square(150_W, 700_W, 100ms, 0.25));
    EXPECT_DOUBLE_EQ(profile.mean(at(3ms), at(3ms + 700ms)).value(), 0.25 * 700 + 0.75 * 150);
}

TEST(PowerProfile, AYearOfPeriodsLosesNothing) {
    const PowerProfile profile(square(150_W, 700_W, 20ms));
    const Nanoseconds year = 365 * 24h;
    EXPECT_DOUBLE_EQ(profile.energy(at(0s), at(year)).value(), 425.0 * 365 * 86400);
    // A short window far away is as exact as one nearby.
    EXPECT_EQ(profile.energy(at(year + 5ms), at(year + 17ms)), profile.energy(at(5ms), at(17ms)));
}

TEST(PowerProfile, ChangeEndsOneCurveAndBeginsTheNext) {
    PowerProfile profile(constant(100_W));
    profile.change(at(10s), square(200_W, 400_W, 1s));
    profile.change(at(12s), constant(50_W));
    EXPECT_EQ(profile.power_at(at(10s - 1ns)), 100_W);
    EXPECT_EQ(profile.power_at(at(10s)), 400_W);
    EXPECT_EQ(profile.power_at(at(11500ms)), 200_W);
    EXPECT_EQ(profile.power_at(at(12s)), 50_W);
    EXPECT_DOUBLE_EQ(profile.energy(at(9s), at(14s)).value(), 100.0 + 600.0 + 100.0);
    EXPECT_DOUBLE_EQ(profile.energy(at(10500ms), at(13s)).value(), 100.0 + 300.0 + 50.0);
    EXPECT_DOUBLE_EQ(profile.energy(at(9s), at(11s)).value(), 400.0);
    EXPECT_DOUBLE_EQ(profile.energy(at(14s), at(9s)).value(), -800.0);
}

TEST(PowerProfile, MeanOfAnEmptyWindowIsThePowerThere) {
    const PowerProfile profile(step(100_W, 300_W, 1s));
    EXPECT_EQ(profile.mean(at(1s), at(1s)), 300_W);
}

// A sum of rectangles, each taken at its middle: exact on straight lines, off by at most the height
// of a jump times half a part at each of them.
double summed_energy(const PowerProfile& profile, Instant from, Instant to, int parts) {
    double sum = 0.0;
    for (int i = 0; i < parts; ++i) {
        const Instant a = from + (to - from) * i / parts;
        const Instant b = from + (to - from) * (i + 1) / parts;
        sum += (profile.power_at(a + (b - a) / 2) * to_seconds(b - a)).value();
    }
    return sum;
}

RC_GTEST_PROP(PowerProfileProperty, EnergyIsTheIntegralOfPower, ()) {
    const PowerProfile profile(any_single_curve());
    const Instant from =
        instant_at(*rc::gen::inRange<std::int64_t>(-1'000'000'000, 10'000'000'000));
    const Nanoseconds length{*rc::gen::inRange<std::int64_t>(1, 10'000'000'000)};
    constexpr int parts = 20'000;
    constexpr int most_knots = 8;
    const double tolerance = most_knots * 1000.0 * to_seconds(length).value() / parts + 1e-6;
    const double exact = profile.energy(from, from + length).value();
    RC_ASSERT(std::abs(exact - summed_energy(profile, from, from + length, parts)) <= tolerance);
}

RC_GTEST_PROP(PowerProfileProperty, PeriodsAreCopies, ()) {
    const PowerCurve curve = any_periodic_curve();
    constexpr int copies = 4;
    PowerCurve unrolled;
    for (int i = 0; i < copies; ++i) {
        // The first value holds from the beginning of the period, the last one to its end.
        unrolled.knots.push_back({*curve.period * i, curve.knots.front().value});
        for (const auto& knot : curve.knots) {
            unrolled.knots.push_back({*curve.period * i + knot.at, knot.value});
        }
        unrolled.knots.push_back({*curve.period * (i + 1), curve.knots.back().value});
    }
    const auto end = (*curve.period * copies).count();
    const Instant from = instant_at(*rc::gen::inRange<std::int64_t>(0, end));
    const Instant to = instant_at(*rc::gen::inRange<std::int64_t>(0, end));
    const PowerProfile repeated(curve);
    const PowerProfile drawn(unrolled);
    RC_ASSERT(std::abs((repeated.energy(from, to) - drawn.energy(from, to)).value()) < 1e-6);
    RC_ASSERT(std::abs((repeated.power_at(from) - drawn.power_at(from)).value()) < 1e-6);
}

RC_GTEST_PROP(PowerProfileProperty, EnergyIsAdditiveOverASplit, ()) {
    PowerProfile profile(any_power_curve(), any_instant());
    if (*rc::gen::arbitrary<bool>()) {
        profile.change(instant_at(100'000'000'001), any_power_curve());
        profile.change(instant_at(110'000'000'000), any_power_curve());
    }
    std::array<Instant, 3> t{any_instant(), any_instant(), any_instant() + 20s};
    const double whole = profile.energy(t[0], t[2]).value();
    const double split = (profile.energy(t[0], t[1]) + profile.energy(t[1], t[2])).value();
    RC_ASSERT(std::abs(whole - split) <= 1e-9 * 220.0 * 1000.0);
}

RC_GTEST_PROP(PowerProfileProperty, MeanLiesBetweenTheExtremesOfTheCurve, ()) {
    const PowerCurve curve = any_power_curve();
    const PowerProfile profile(curve);
    const Instant a = any_instant();
    const Instant b = any_instant();
    const auto [low, high] = std::ranges::minmax_element(curve.knots, {}, &Knot<Watts>::value);
    const double mean = profile.mean(a, b).value();
    RC_ASSERT(mean >= low->value.value() - 1e-6 && mean <= high->value.value() + 1e-6);
}

TEST(ElectricalPower, CapCutsARampWhereItMeetsIt) {
    const PowerModel model{
        .idle = 100_W, .memory_power = 400_W, .compute_power = 400_W, .cap = 500_W};
    const auto load = ramp(Activity{}, Activity{1.0, 1.0}, 0s, 8s);
    const PowerProfile profile(electrical_power(load, model));
    EXPECT_EQ(profile.power_at(at(2s)), 300_W);
    EXPECT_EQ(profile.power_at(at(4s)), 500_W);
    EXPECT_EQ(profile.power_at(at(6s)), 500_W);
    EXPECT_DOUBLE_EQ(profile.energy(at(0s), at(8s)).value(), 300.0 * 4 + 500.0 * 4);
}

RC_GTEST_PROP(ElectricalPowerProperty, StaysBetweenIdleAndCapAndFollowsTheModel, ()) {
    const auto catalog = gpu_catalog();
    const GpuSpec& gpu = catalog[*rc::gen::inRange<std::size_t>(0, catalog.size())];
    const PowerModel model = power_model_of(gpu);
    LoadCurve load;
    Nanoseconds t{0};
    for (int i = *rc::gen::inRange(1, 9); i > 0; --i) {
        t += Nanoseconds{*rc::gen::inRange<std::int64_t>(0, 1'000'000'000)};
        load.knots.push_back(
            {t, {*rc::gen::inRange(0, 101) * 0.01, *rc::gen::inRange(0, 101) * 0.01}});
    }
    load.period = t + 1ns;
    const PowerProfile profile(electrical_power(load, model));
    const Instant when = any_instant();
    const Watts power = profile.power_at(when);
    RC_ASSERT(power >= model.idle - Watts{1e-9} && power <= model.cap + Watts{1e-9});
    // A knot at the cap lies on a whole nanosecond, which moves a slope by less than that.
    const Watts expected = model.power(value_at(load, when.time_since_epoch()));
    const bool near_a_knot = std::ranges::any_of(load.knots, [&](const auto& knot) {
        return std::chrono::abs(wrapped(when.time_since_epoch(), *load.period) - knot.at) < 10us;
    });
    RC_ASSERT(near_a_knot || std::abs((power - expected).value()) < 0.2);
}

} // namespace
} // namespace joulemark::physics
