#include "analysis/power_bounds.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace joulemark::analysis {

namespace {

// Catalogue idle and limit are typical figures: cards rest a little lower and overshoot a little.
constexpr double below_idle = 0.8;
constexpr double above_limit = 1.1;
// Widening of what was read when the hardware's own bounds are not known.
constexpr double widening = 0.5;
// A sensor whose window is at most this share of its period sees single moments rather than means.
constexpr double glance_share = 0.55;
constexpr double mean_tolerance = 0.06;
constexpr double partial_glances = 0.3;
// A load that switches between two levels lies at an end of the range half of the time, so its
// spread is about this much more than that of a uniform one.
const double two_level_widening = std::numbers::sqrt2;

} // namespace

PowerBounds device_bounds(const DeviceInfo& device, const PowerTrack& track) {
    const double limit_or_zero = device.power_limit ? device.power_limit->value() : 0.0;
    const auto [least, most] =
        track.empty() ? std::ranges::minmax_result<double>{limit_or_zero / 2, limit_or_zero / 2}
                      : std::ranges::minmax(track.watts);
    const double range = most - least;
    const double low =
        device.idle_power ? below_idle * device.idle_power->value() : least - widening * range;
    const double high =
        device.power_limit ? above_limit * device.power_limit->value() : most + widening * range;
    return {std::max(0.0, std::min(low, least)), std::max(high, most)};
}

std::optional<PowerBounds> glimpsed_bounds(
    const PowerTrack& track, Instant t, Nanoseconds reach, double mean_watts, PowerBounds ticks) {
    const SensorTiming& timing = track.timing;
    if (track.empty() || timing.assumed || timing.averaging_window <= Seconds{0.0}) {
        return {};
    }
    if (timing.averaging_window > glance_share * timing.update_period) {
        return {};
    }
    const std::size_t first = track.tile_at(t - reach);
    const std::size_t last = track.tile_at(t + reach);
    PowerBounds seen{track.watts[first], track.watts[first]};
    double glances = 0.0;
    double sum = 0.0;
    double squares = 0.0;
    for (std::size_t i = first; i <= last; ++i) {
        if (track.hole[i]) {
            return {};
        }
        const double weight =
            std::max(1.0, to_seconds(track.bound[i + 1] - track.bound[i]) / timing.update_period);
        seen.low_watts = std::min(seen.low_watts, track.watts[i]);
        seen.high_watts = std::max(seen.high_watts, track.watts[i]);
        glances += weight;
        sum += weight * track.watts[i];
        squares += weight * track.watts[i] * track.watts[i];
    }
    if (glances < static_cast<double>(min_glances)) {
        return {};
    }
    const double mean = sum / glances;
    const double variance = std::max(0.0, squares / glances - mean * mean);
    const double allowed = mean_tolerance * mean_watts + 3.0 * std::sqrt(variance / glances);
    if (std::abs(mean - mean_watts) > allowed) {
        return {};
    }
    const double margin = mean_tolerance * ticks.high_watts;
    if (ticks.low_watts < seen.low_watts - margin || ticks.high_watts > seen.high_watts + margin) {
        return {};
    }
    // A glance that falls on a switch of the load shows neither level in full.
    const double more = partial_glances * (seen.high_watts - seen.low_watts);
    return PowerBounds{std::max(0.0, std::min(seen.low_watts - more, mean_watts)),
                       std::max(seen.high_watts + more, mean_watts)};
}

double EnergyRange::clamp(double joules) const { return std::clamp(joules, low, high); }

double EnergyRange::spread_about(double estimate) const {
    if (high <= low) {
        return std::abs(estimate - low);
    }
    const double above = high - estimate;
    const double below = estimate - low;
    return two_level_widening *
           std::sqrt((above * above * above + below * below * below) / (3.0 * (high - low)));
}

EnergyRange energy_of_part(double joules, double whole, double part, PowerBounds bounds) {
    const double rest = whole - part;
    EnergyRange range{
        std::max(bounds.low_watts * part, joules - bounds.high_watts * rest),
        std::min(bounds.high_watts * part, joules - bounds.low_watts * rest),
    };
    // Bounds that the energy itself contradicts say nothing: an even spread is all that is left.
    if (range.low > range.high) {
        range.low = range.high = joules * part / whole;
    }
    return range;
}

} // namespace joulemark::analysis
