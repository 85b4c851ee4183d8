// A piecewise-linear function of time, once or repeated without end, and the shapes that loads
// have. Its value is a power (`PowerCurve`) or an activity (`LoadCurve`). Plain values.
//
//     PowerCurve power = square(150_W, 600_W, 500ms, 0.5);
#pragma once

#include "core/time.hpp"
#include "physics/activity.hpp"

#include <algorithm>
#include <cassert>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

namespace joulemark::physics {

template <class V> struct Knot {
    Nanoseconds at; // since the curve began
    V value;
};

// Linear between knots. Two knots at one time are a jump: the later one holds from that time on.
// Constant before the first knot and after the last. With a period, the stretch [0, period) repeats
// in both directions without end.
template <class V> struct Curve {
    std::vector<Knot<V>> knots; // at least one; times in ascending order, within [0, period]
    std::optional<Nanoseconds> period;
};

using PowerCurve = Curve<Watts>;
using LoadCurve = Curve<Activity>;

// Where `t` falls in [0, period), also for negative times.
[[nodiscard]] constexpr Nanoseconds wrapped(Nanoseconds t, Nanoseconds period) {
    const Nanoseconds rest = t % period;
    return rest < Nanoseconds{0} ? rest + period : rest;
}

template <class V> [[nodiscard]] V value_at(const Curve<V>& curve, Nanoseconds t) {
    assert(!curve.knots.empty());
    if (curve.period) {
        t = wrapped(t, *curve.period);
    }
    const auto after = std::ranges::upper_bound(curve.knots, t, {}, &Knot<V>::at);
    if (after == curve.knots.begin()) {
        return curve.knots.front().value;
    }
    const auto before = std::prev(after);
    if (after == curve.knots.end()) {
        return before->value;
    }
    const double share = to_seconds(t - before->at) / to_seconds(after->at - before->at);
    return before->value + (after->value - before->value) * share;
}

template <class V> [[nodiscard]] Curve<V> constant(V value) {
    return {{{Nanoseconds{0}, value}}, {}};
}

template <class V> [[nodiscard]] Curve<V> step(V before, V after, Nanoseconds at) {
    return {{{at, before}, {at, after}}, {}};
}

// From `from` to `to` in a straight line, beginning at `begin`.
template <class V>
[[nodiscard]] Curve<V> ramp(V from, V to, Nanoseconds begin, Nanoseconds length) {
    return {{{begin, from}, {begin + length, to}}, {}};
}

template <class V>
[[nodiscard]] Curve<V> burst(V base, V peak, Nanoseconds begin, Nanoseconds length) {
    return {{{begin, base}, {begin, peak}, {begin + length, peak}, {begin + length, base}}, {}};
}

// Repeats: `high` for the share `duty` of each period, then `low`.
template <class V>
[[nodiscard]] Curve<V> square(V low, V high, Nanoseconds period, double duty = 0.5) {
    const Nanoseconds fall{static_cast<std::int64_t>(static_cast<double>(period.count()) * duty)};
    return {{{Nanoseconds{0}, high}, {fall, high}, {fall, low}, {period, low}}, period};
}

// Holds each value for its length, one after the other, and begins anew: {{value, length}, ...}.
template <class V>
[[nodiscard]] Curve<V> repeat(std::initializer_list<std::pair<V, Nanoseconds>> stages) {
    Curve<V> out;
    Nanoseconds t{0};
    for (const auto& [value, length] : stages) {
        out.knots.push_back({t, value});
        t += length;
        out.knots.push_back({t, value});
    }
    out.period = t;
    return out;
}

} // namespace joulemark::physics
