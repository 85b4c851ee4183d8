#include "hardware/figures.hpp"

#include "analysis/energy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace joulemark::hardware {

namespace {

// The value at a fraction of the sorted list.
template <class T> T at_fraction(const std::vector<T>& sorted, double fraction) {
    return sorted[static_cast<std::size_t>(fraction * static_cast<double>(sorted.size() - 1) +
                                           0.5)];
}

// Spacings within half a period of the shortest typical one are single periods; they tell how many
// periods each of the others holds.
Seconds common_period(const std::vector<double>& sorted) {
    const double shortest = at_fraction(sorted, 0.1);
    const auto singles =
        static_cast<std::size_t>(std::ranges::upper_bound(sorted, 1.5 * shortest) - sorted.begin());
    const double single = sorted[singles / 2];
    double total = 0.0;
    double periods = 0.0;
    for (const double spacing : sorted) {
        const double count = std::round(spacing / single);
        if (count >= 1.0) {
            total += spacing;
            periods += count;
        }
    }
    return Seconds{total / periods};
}

// Energy under straight lines between the readings, cut at the edges of the window.
std::optional<Joules> trapezoid(std::span<const Instant> time,
                                std::span<const double> watts,
                                Window window) {
    double joules = 0.0;
    bool any = false;
    for (std::size_t i = 1; i < time.size() && i < watts.size(); ++i) {
        const Instant from = std::max(time[i - 1], window.begin);
        const Instant to = std::min(time[i], window.end);
        if (from >= to || std::isnan(watts[i - 1]) || std::isnan(watts[i])) {
            continue;
        }
        const double length = to_seconds(time[i] - time[i - 1]).value();
        const auto power_at = [&](Instant t) {
            return watts[i - 1] +
                   (watts[i] - watts[i - 1]) * to_seconds(t - time[i - 1]).value() / length;
        };
        joules += 0.5 * (power_at(from) + power_at(to)) * to_seconds(to - from).value();
        any = true;
    }
    return any ? std::optional(Joules{joules}) : std::nullopt;
}

// The newest reading at `t`.
std::optional<double> latched(std::span<const Instant> time,
                              std::span<const double> values,
                              Instant t) {
    for (std::size_t i = time.size(); i-- > 0;) {
        if (time[i] <= t && !std::isnan(values[i])) {
            return values[i];
        }
    }
    return std::nullopt;
}

MethodEnergy by_counter_at_edges(const Columns& fast, Window window) {
    const auto counter = fast.values(Metric::energy_counter);
    MethodEnergy result{
        .method = "energy counter, read at the edges", .energy = {}, .interval = {}, .remark = {}};
    const auto begin = latched(fast.time, counter, window.begin);
    const auto end = latched(fast.time, counter, window.end);
    if (begin && end) {
        result.energy = Joules{*end - *begin};
    }
    return result;
}

MethodEnergy by_driver_samples(const std::vector<device::DriverSample>& samples, Window window) {
    std::vector<Instant> time;
    std::vector<double> watts;
    for (const device::DriverSample& sample : samples) {
        if (time.empty() || sample.time > time.back()) {
            time.push_back(sample.time);
            watts.push_back(sample.power.value());
        }
    }
    return {.method = "driver's own samples, integrated",
            .energy = trapezoid(time, watts, window),
            .interval = {},
            .remark = fmt::format("{} samples", time.size())};
}

MethodEnergy by_joulemark(const DeviceInfo& device, const Recording& recording, Window window) {
    MethodEnergy result{.method = "joulemark", .energy = {}, .interval = {}, .remark = {}};
    TraceInfo info;
    info.device = device;
    info.interval = std::chrono::milliseconds{1};
    const auto trace = Trace::make(std::move(info), recording.fast, recording.slow);
    if (!trace) {
        result.remark = trace.error().describe();
        return result;
    }
    const analysis::EnergyResult estimate = analysis::estimate_energy(*trace, window);
    result.remark = estimate.explanation;
    if (estimate.energy) {
        result.energy = estimate.energy->value;
        result.interval = estimate.energy->interval;
    }
    return result;
}

} // namespace

std::optional<Spacing> change_spacing(std::span<const Instant> time,
                                      std::span<const double> values) {
    std::vector<double> spacings;
    std::optional<Instant> last_change;
    std::optional<double> last;
    for (std::size_t i = 0; i < time.size() && i < values.size(); ++i) {
        if (std::isnan(values[i])) {
            continue;
        }
        // Equality is meant: an unchanged register repeats its value bit for bit.
        if (last && *last != values[i]) {
            if (last_change) {
                spacings.push_back(to_seconds(time[i] - *last_change).value());
            }
            last_change = time[i];
        }
        last = values[i];
    }
    if (spacings.size() < 2) {
        return std::nullopt;
    }
    std::ranges::sort(spacings);
    return Spacing{.changes = spacings.size() + 1,
                   .p10 = Seconds{at_fraction(spacings, 0.1)},
                   .p50 = Seconds{at_fraction(spacings, 0.5)},
                   .p90 = Seconds{at_fraction(spacings, 0.9)},
                   .period = common_period(spacings)};
}

std::optional<Percentiles> percentiles(std::vector<Nanoseconds> values) {
    if (values.empty()) {
        return std::nullopt;
    }
    std::ranges::sort(values);
    return Percentiles{at_fraction(values, 0.5), at_fraction(values, 0.99), values.back()};
}

std::optional<Spread> spread(std::span<const double> values) {
    Spread result;
    for (const double value : values) {
        if (std::isnan(value)) {
            continue;
        }
        result.lowest = result.readings == 0 ? value : std::min(result.lowest, value);
        result.highest = result.readings == 0 ? value : std::max(result.highest, value);
        ++result.readings;
        result.mean += (value - result.mean) / static_cast<double>(result.readings);
    }
    return result.readings == 0 ? std::nullopt : std::optional(result);
}

std::vector<MethodEnergy> energies(const DeviceInfo& device,
                                   const Recording& recording,
                                   Window window) {
    const Columns& fast = recording.fast;
    return {by_joulemark(device, recording, window),
            by_counter_at_edges(fast, window),
            {.method = "power readings, integrated",
             .energy = trapezoid(fast.time, fast.values(Metric::power), window),
             .interval = {},
             .remark = {}},
            {.method = "averaged power readings, integrated",
             .energy = trapezoid(fast.time, fast.values(Metric::average_power), window),
             .interval = {},
             .remark = {}},
            by_driver_samples(recording.driver_samples, window)};
}

} // namespace joulemark::hardware
