#include "physics/power_profile.hpp"

#include "core/time.hpp"
#include "core/units.hpp"
#include "physics/activity.hpp"
#include "physics/curve.hpp"

#include <cassert>
#include <cstddef>
#include <iterator>
#include <utility>

namespace joulemark::physics {

namespace {

double trapezoid(Watts a, Watts b, Nanoseconds length) {
    return (0.5 * (a + b) * to_seconds(length)).value();
}

} // namespace

PowerProfile::Piece::Piece(Instant begin, PowerCurve shape)
    : start(begin), curve(std::move(shape)) {
    const auto& knots = curve.knots;
    assert(!knots.empty());
    joules_at_knot.push_back(trapezoid(knots[0].value, knots[0].value, knots[0].at));
    for (std::size_t i = 1; i < knots.size(); ++i) {
        const auto& a = knots[i - 1];
        const auto& b = knots[i];
        joules_at_knot.push_back(joules_at_knot.back() + trapezoid(a.value, b.value, b.at - a.at));
    }
    if (curve.period) {
        joules_per_period = joules_since_zero(*curve.period);
    }
}

// Of the curve as drawn, without repetition.
double PowerProfile::Piece::joules_since_zero(Nanoseconds t) const {
    const auto& knots = curve.knots;
    const auto after = std::ranges::upper_bound(knots, t, {}, &Knot<Watts>::at);
    if (after == knots.begin()) {
        return trapezoid(knots[0].value, knots[0].value, t);
    }
    const auto before = std::prev(after);
    const double so_far = joules_at_knot[static_cast<std::size_t>(before - knots.begin())];
    const Nanoseconds beyond = t - before->at;
    if (after == knots.end()) {
        return so_far + trapezoid(before->value, before->value, beyond);
    }
    const Watts rise = after->value - before->value;
    const Watts end =
        before->value + rise * (to_seconds(beyond) / to_seconds(after->at - before->at));
    return so_far + trapezoid(before->value, end, beyond);
}

double PowerProfile::Piece::joules(Nanoseconds from, Nanoseconds to) const {
    if (!curve.period) {
        return joules_since_zero(to) - joules_since_zero(from);
    }
    const Nanoseconds from_rest = wrapped(from, *curve.period);
    const Nanoseconds to_rest = wrapped(to, *curve.period);
    const auto periods = ((to - to_rest) - (from - from_rest)) / *curve.period;
    return static_cast<double>(periods) * joules_per_period + joules_since_zero(to_rest) -
           joules_since_zero(from_rest);
}

PowerProfile::PowerProfile(PowerCurve curve, Instant start) {
    pieces_.emplace_back(start, std::move(curve));
}

void PowerProfile::change(Instant at, PowerCurve curve) {
    const Piece& last = pieces_.back();
    assert(at >= last.start);
    const double before = last.joules_before + last.joules(Nanoseconds{0}, at - last.start);
    pieces_.emplace_back(at, std::move(curve)).joules_before = before;
}

std::size_t PowerProfile::piece_at(Instant t) const {
    const auto after = std::ranges::upper_bound(pieces_, t, {}, &Piece::start);
    return after == pieces_.begin() ? 0 : static_cast<std::size_t>(after - pieces_.begin()) - 1;
}

Watts PowerProfile::power_at(Instant t) const {
    const Piece& piece = pieces_[piece_at(t)];
    return value_at(piece.curve, t - piece.start);
}

Joules PowerProfile::energy(Instant from, Instant to) const {
    return to < from ? -forward_energy(to, from) : forward_energy(from, to);
}

Joules PowerProfile::forward_energy(Instant from, Instant to) const {
    const std::size_t i = piece_at(from);
    const std::size_t j = piece_at(to);
    const Piece& first = pieces_[i];
    const Piece& last = pieces_[j];
    if (i == j) {
        return Joules{first.joules(from - first.start, to - first.start)};
    }
    const Piece& second = pieces_[i + 1];
    return Joules{first.joules(from - first.start, second.start - first.start) +
                  (last.joules_before - second.joules_before) +
                  last.joules(Nanoseconds{0}, to - last.start)};
}

Watts PowerProfile::mean(Instant from, Instant to) const {
    return from == to ? power_at(to) : energy(from, to) / to_seconds(to - from);
}

PowerCurve electrical_power(const LoadCurve& load, const PowerModel& model) {
    PowerCurve out;
    out.period = load.period;
    for (std::size_t i = 0; i < load.knots.size(); ++i) {
        const auto& knot = load.knots[i];
        if (i > 0 && model.is_capped(load.knots[i - 1].value) != model.is_capped(knot.value)) {
            const auto& last = load.knots[i - 1];
            const Watts from = model.demand(last.value);
            const double share = (model.cap - from) / (model.demand(knot.value) - from);
            out.knots.push_back(
                {last.at + to_nanoseconds(to_seconds(knot.at - last.at) * share), model.cap});
        }
        out.knots.push_back({knot.at, model.power(knot.value)});
    }
    return out;
}

} // namespace joulemark::physics
