#include "analysis/counter_energy.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace joulemark::analysis {

namespace {

// Ticks on each side of an edge that locate it in time and judge the power readings.
constexpr std::size_t neighbourhood = 32;
// Time on each side of an edge in which the readings show the range of the load.
constexpr Seconds glance_reach{2.0};
const double root3 = std::sqrt(3.0);

// A stretch of ticks with one idea of when they happened.
class LocatedTicks {
public:
    LocatedTicks(std::span<const Tick> ticks, std::optional<Seconds> documented_tick)
        : ticks_(ticks), grid_(fit_grid(ticks, documented_tick)) {}

    [[nodiscard]] bool regular() const { return grid_.has_value(); }
    [[nodiscard]] const std::optional<TickGrid>& grid() const { return grid_; }

    [[nodiscard]] Instant time(std::size_t i) const {
        const Instant middle = ticks_[i].before + (ticks_[i].after - ticks_[i].before) / 2;
        if (!grid_) {
            return middle;
        }
        return grid_->origin + to_nanoseconds(grid_->period * steps(i));
    }
    // Grid steps from the origin of the grid.
    [[nodiscard]] double steps(std::size_t i) const {
        const Instant middle = ticks_[i].before + (ticks_[i].after - ticks_[i].before) / 2;
        return std::round(to_seconds(middle - grid_->origin) / grid_->period);
    }
    // Half of what is left open about the time of tick i.
    [[nodiscard]] double half_range(std::size_t i) const {
        if (!grid_) {
            return to_seconds(ticks_[i].after - ticks_[i].before).value() / 2;
        }
        return grid_->origin_half_range.value() +
               std::abs(steps(i)) * grid_->period_half_range.value();
    }

private:
    std::span<const Tick> ticks_;
    std::optional<TickGrid> grid_;
};

double power_integral(const PowerTrack& power, Instant from, Instant to) {
    return power.energy_until(to) - power.energy_until(from);
}

// How far the readings' shape is to be believed: slope of tick power on mean reading, over the
// ticks given.
double shape_trust(std::span<const Tick> ticks,
                   const LocatedTicks& located,
                   const PowerTrack& power) {
    if (power.empty() || ticks.size() < min_glances) {
        return 0.0;
    }
    double n = 0.0, mean_x = 0.0, mean_y = 0.0, xx = 0.0, xy = 0.0;
    for (std::size_t i = 1; i < ticks.size(); ++i) {
        const double span = to_seconds(located.time(i) - located.time(i - 1)).value();
        if (span <= 0.0) {
            continue;
        }
        const double x = power_integral(power, located.time(i - 1), located.time(i)) / span;
        const double y = (ticks[i].joules - ticks[i - 1].joules) / span;
        n += 1.0;
        const double dx = x - mean_x;
        mean_x += dx / n;
        mean_y += (y - mean_y) / n;
        xx += dx * (x - mean_x);
        xy += dx * (y - mean_y);
    }
    return xx > 0.0 ? std::clamp(xy / xx, 0.0, 1.0) : 0.0;
}

// The counter's curve at one moment, with what is not known about it.
struct EdgeEnergy {
    double joules = 0.0;
    double watts = 0.0;      // mean of the tick it lies in
    double steps = 0.0;      // of the grid
    double half_range = 0.0; // seconds, of the tick times
    double inside = 0.0;     // standard deviation, joules
    double beyond = 0.0;     // standard deviation, joules
};

struct Neighbourhood {
    std::span<const Tick> ticks;
    LocatedTicks located;
    double trust;
    const PowerTrack& power;
    PowerBounds bounds;
};

// Least and most mean power of the ticks around `t`.
PowerBounds tick_powers(const Neighbourhood& near, Instant t) {
    PowerBounds out{std::numeric_limits<double>::infinity(), 0.0};
    for (std::size_t i = 1; i < near.ticks.size(); ++i) {
        const Instant start = near.located.time(i - 1);
        const Instant end = near.located.time(i);
        const Nanoseconds reach = to_nanoseconds(glance_reach);
        if (end <= start || end < t - reach || start > t + reach) {
            continue;
        }
        const double watts =
            (near.ticks[i].joules - near.ticks[i - 1].joules) / to_seconds(end - start).value();
        out.low_watts = std::min(out.low_watts, watts);
        out.high_watts = std::max(out.high_watts, watts);
    }
    return out;
}

EdgeEnergy inside_a_tick(const Neighbourhood& near, std::size_t i, Instant t) {
    const Instant start = near.located.time(i);
    const Instant end = near.located.time(i + 1);
    const double whole = to_seconds(end - start).value();
    const double part = std::clamp(to_seconds(t - start).value(), 0.0, whole);
    const double joules = near.ticks[i + 1].joules - near.ticks[i].joules;
    const double watts = joules / whole;
    const PowerBounds bounds =
        glimpsed_bounds(near.power, t, to_nanoseconds(glance_reach), watts, tick_powers(near, t))
            .value_or(near.bounds);
    const EnergyRange range = energy_of_part(joules, whole, part, bounds);
    double estimate = watts * part;
    if (near.trust > 0.0) {
        const double shape = power_integral(near.power, start, t) -
                             power_integral(near.power, start, end) * part / whole;
        estimate = range.clamp(estimate + near.trust * shape);
    }
    return {near.ticks[i].joules + estimate,
            watts,
            near.located.regular() ? near.located.steps(i) : 0.0,
            std::max(near.located.half_range(i), near.located.half_range(i + 1)),
            range.spread_about(estimate),
            0.0};
}

// Before the first or after the last tick the power readings carry the curve on, or else the
// nearest tick's power.
EdgeEnergy beyond_the_ticks(const Neighbourhood& near,
                            std::size_t tick,
                            double nearest_watts,
                            Instant t) {
    const Instant known = near.located.time(tick);
    const double distance = to_seconds(t - known).value();
    const double joules =
        near.power.empty() ? nearest_watts * distance : power_integral(near.power, known, t);
    const PowerBounds bounds =
        glimpsed_bounds(
            near.power, t, to_nanoseconds(glance_reach), nearest_watts, tick_powers(near, t))
            .value_or(near.bounds);
    const double half_width = std::abs(distance) * (bounds.high_watts - bounds.low_watts) / 2;
    return {near.ticks[tick].joules + joules,
            nearest_watts,
            near.located.regular() ? near.located.steps(tick) : 0.0,
            near.located.half_range(tick),
            0.0,
            half_width / root3};
}

EdgeEnergy energy_at(const Neighbourhood& near, Instant t) {
    const std::size_t last = near.ticks.size() - 1;
    std::size_t i = 0;
    while (i < last && near.located.time(i + 1) <= t) {
        ++i;
    }
    const auto mean_watts = [&](std::size_t k) {
        return (near.ticks[k + 1].joules - near.ticks[k].joules) /
               std::max(1e-9, to_seconds(near.located.time(k + 1) - near.located.time(k)).value());
    };
    if (t < near.located.time(0)) {
        return beyond_the_ticks(near, 0, mean_watts(0), t);
    }
    if (i == last) {
        return beyond_the_ticks(near, last, mean_watts(last - 1), t);
    }
    return inside_a_tick(near, i, t);
}

Neighbourhood neighbourhood_of(const CounterTrack& counter,
                               std::size_t first,
                               std::size_t last,
                               const PowerTrack& power,
                               PowerBounds bounds,
                               std::optional<Seconds> documented_tick) {
    const std::span<const Tick> ticks(counter.ticks.data() + first, last - first);
    LocatedTicks located(ticks, documented_tick);
    const double trust = shape_trust(ticks, located, power);
    return {ticks, std::move(located), trust, power, bounds};
}

// Errors of phase and period of one common grid act on both edges: a steady load does not feel the
// phase.
double common_grid_error(const TickGrid& grid, const EdgeEnergy& begin, const EdgeEnergy& end) {
    const double phase = (end.watts - begin.watts) * grid.origin_half_range.value() / root3;
    const double period = (end.watts * end.steps - begin.watts * begin.steps) *
                          grid.period_half_range.value() / root3;
    return std::hypot(phase, period);
}

double separate_error(const EdgeEnergy& begin, const EdgeEnergy& end) {
    return std::hypot(begin.watts * begin.half_range, end.watts * end.half_range) / root3;
}

} // namespace

std::optional<CounterEnergy> counter_energy(const CounterTrack& counter,
                                            const PowerTrack& power,
                                            Window window,
                                            PowerBounds bounds,
                                            std::optional<Seconds> documented_tick) {
    const std::vector<Tick>& ticks = counter.ticks;
    if (ticks.size() < 2 || counter.has_reset_in(window)) {
        return std::nullopt;
    }
    if (window.end <= ticks.front().before || window.begin >= ticks.back().after) {
        return std::nullopt;
    }
    const auto index_of = [&](Instant t) {
        const auto after = std::ranges::upper_bound(ticks, t, {}, &Tick::after);
        return static_cast<std::size_t>(after - ticks.begin());
    };
    const auto from = [](std::size_t i) { return i > neighbourhood ? i - neighbourhood : 0; };
    const auto to = [&](std::size_t i) { return std::min(ticks.size(), i + neighbourhood); };
    const std::size_t begin_index = index_of(window.begin);
    const std::size_t end_index = index_of(window.end);
    const bool together = to(end_index) - from(begin_index) <= max_grid_ticks;

    const Neighbourhood near_begin = neighbourhood_of(counter,
                                                      from(begin_index),
                                                      together ? to(end_index) : to(begin_index),
                                                      power,
                                                      bounds,
                                                      documented_tick);
    const EdgeEnergy begin = energy_at(near_begin, window.begin);
    CounterEnergy out;
    EdgeEnergy end;
    if (together) {
        end = energy_at(near_begin, window.end);
        out.tick_timing = near_begin.located.regular()
                              ? common_grid_error(*near_begin.located.grid(), begin, end)
                              : separate_error(begin, end);
    } else {
        end =
            energy_at(neighbourhood_of(
                          counter, from(end_index), to(end_index), power, bounds, documented_tick),
                      window.end);
        out.tick_timing = separate_error(begin, end);
    }
    out.joules = end.joules - begin.joules;
    out.inside_tick = std::hypot(begin.inside, end.inside);
    out.beyond_ticks = std::hypot(begin.beyond, end.beyond);
    return out;
}

} // namespace joulemark::analysis
