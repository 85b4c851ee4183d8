// Random power curves and times for property tests.
#pragma once

#include "physics/curve.hpp"

#include <rapidcheck.h>

#include <vector>

namespace joulemark::physics {

// One to eight knots between 0 and 1000 W, some of them jumps.
inline PowerCurve any_single_curve() {
    PowerCurve curve;
    Nanoseconds t{0};
    const int knots = *rc::gen::inRange(1, 9);
    for (int i = 0; i < knots; ++i) {
        const bool jump = *rc::gen::inRange(0, 3) == 0;
        if (!jump) {
            t += Nanoseconds{*rc::gen::inRange<std::int64_t>(1, 2'000'000'000)};
        }
        curve.knots.push_back({t, Watts{0.001 * *rc::gen::inRange(0, 1'000'000)}});
    }
    return curve;
}

inline PowerCurve any_periodic_curve() {
    PowerCurve curve = any_single_curve();
    const Nanoseconds rest{*rc::gen::inRange<std::int64_t>(1'000'000, 1'000'000'000)};
    curve.period = curve.knots.back().at + rest;
    return curve;
}

inline PowerCurve any_power_curve() {
    return *rc::gen::arbitrary<bool>() ? any_single_curve() : any_periodic_curve();
}

// Within +-100 s of the origin.
inline Instant any_instant() {
    return instant_at(*rc::gen::inRange<std::int64_t>(-100'000'000'000, 100'000'000'000));
}

} // namespace joulemark::physics
