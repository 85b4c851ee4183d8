#include "analysis/power_energy.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace joulemark::analysis {

namespace {

const double root3 = std::sqrt(3.0);
// Half width of the plausible delays about the documented one, as a share of the reading's age:
// cards of one type differ by about this much (arXiv 2312.02741, workbook).
constexpr double delay_spread = 0.4;

double width(const PowerTrack& power, std::size_t i) {
    return to_seconds(power.bound[i + 1] - power.bound[i]).value();
}

// Least and most power of the tiles around `t`, inside `bounds` when a hole is among them.
PowerBounds local_bounds(const PowerTrack& power,
                         Instant t,
                         Nanoseconds reach,
                         PowerBounds bounds) {
    const std::size_t first = power.tile_at(t - reach);
    const std::size_t last = power.tile_at(t + reach);
    PowerBounds seen{power.watts[first], power.watts[first]};
    for (std::size_t i = first; i <= last; ++i) {
        if (power.hole[i]) {
            return bounds;
        }
        seen.low_watts = std::min(seen.low_watts, power.watts[i]);
        seen.high_watts = std::max(seen.high_watts, power.watts[i]);
    }
    return seen;
}

// Variance of one refresh about the mean power of its update period: from differences of
// neighbours, the part that is not seen, and from their median (which steps do not move) the noise
// of what is seen.
double refresh_variance(const PowerTrack& power, std::size_t first, std::size_t last) {
    std::vector<double> differences;
    double squares = 0.0;
    for (std::size_t i = first + 1; i <= last; ++i) {
        if (power.hole[i] || power.hole[i - 1]) {
            continue;
        }
        const double d = power.watts[i] - power.watts[i - 1];
        differences.push_back(std::abs(d));
        squares += d * d;
    }
    if (differences.empty()) {
        return 0.0;
    }
    const double unseen_share =
        1.0 - std::min(1.0, power.timing.averaging_window / power.timing.update_period);
    const double spread = squares / (2.0 * static_cast<double>(differences.size()));
    const auto mid = differences.begin() + static_cast<std::ptrdiff_t>(differences.size() / 2);
    std::ranges::nth_element(differences, mid);
    constexpr double normal_median = 0.6745;
    const double noise = *mid / normal_median;
    return unseen_share * spread + (1.0 - unseen_share) * noise * noise / 2.0;
}

double edge_error(const PowerTrack& power, Instant edge, PowerBounds bounds) {
    const double period = power.timing.update_period.value();
    const double window = power.timing.averaging_window.value();
    const Nanoseconds reach = to_nanoseconds(Seconds{1.5 * std::max(period, window)});
    const PowerBounds local = local_bounds(power, edge, reach, bounds);
    const double range = local.high_watts - local.low_watts;
    const std::size_t i = power.tile_at(edge);
    const double whole = std::min(width(power, i), period);
    const double part = std::clamp(
        std::fmod(to_seconds(edge - power.bound[i]).value(), std::max(whole, 1e-9)), 0.0, whole);
    const double joules = power.watts[i] * whole;
    const double cut =
        energy_of_part(joules, whole, part, local).spread_about(power.watts[i] * part);
    // A boxcar longer than the update period flattens a step: what it moves across the edge is up
    // to an eighth of step times window.
    const double smeared = window > period ? range * window / 8.0 : 0.0;
    return std::hypot(cut, smeared);
}

double lag_error(const PowerTrack& power, Window window) {
    const SensorTiming& timing = power.timing;
    const double age = (timing.delay + timing.averaging_window / 2).value();
    const double half_range = delay_spread * age + timing.update_period.value() / 4;
    const double step =
        power.watts[power.tile_at(window.end)] - power.watts[power.tile_at(window.begin)];
    return std::abs(step) * half_range / root3;
}

double overlap(Instant a0, Instant a1, Window window) {
    return std::max(0.0, to_seconds(std::min(a1, window.end) - std::max(a0, window.begin)).value());
}

} // namespace

std::optional<PowerEnergy> power_energy(const PowerTrack& power,
                                        Window window,
                                        PowerBounds bounds) {
    if (power.empty()) {
        return std::nullopt;
    }
    const Window extent = power.extent();
    if (window.end <= extent.begin || window.begin >= extent.end) {
        return std::nullopt;
    }
    const double range = bounds.high_watts - bounds.low_watts;
    const std::size_t first = power.tile_at(window.begin);
    const std::size_t last = power.tile_at(window.end);

    PowerEnergy out;
    out.joules = power.energy_until(window.end) - power.energy_until(window.begin);
    const double variance = refresh_variance(
        power, first > 2 ? first - 2 : 0, std::min(power.watts.size() - 1, last + 2));
    out.sampling = std::sqrt(variance * power.timing.update_period.value() *
                             to_seconds(window.length()).value());
    out.edges =
        std::hypot(edge_error(power, window.begin, bounds), edge_error(power, window.end, bounds));
    out.lag = lag_error(power, window);
    double gap_squares = 0.0;
    for (std::size_t i = first; i <= last; ++i) {
        if (!power.hole[i]) {
            continue;
        }
        const double half = range / 2 * overlap(power.bound[i], power.bound[i + 1], window);
        gap_squares += half * half / 3.0;
    }
    out.gaps = std::sqrt(gap_squares);
    out.uncovered_seconds =
        to_seconds(window.length()).value() - overlap(extent.begin, extent.end, window);
    out.uncovered = range / 2 * out.uncovered_seconds / root3;
    return out;
}

} // namespace joulemark::analysis
