#include "analysis/power_view.hpp"

#include "analysis/quantiles.hpp"

#include <algorithm>
#include <cstddef>

namespace joulemark::analysis {

PowerView power_view(const Columns& columns, std::span<const Gap> gaps, Metric metric) {
    if (!columns.has(metric)) {
        return {};
    }
    return {columns.time, columns.values(metric), gaps};
}

SensorLimits sensor_limits(const std::optional<SensorProfile>& sensor) {
    if (!sensor) {
        return {};
    }
    return {sensor->update_period, sensor->averaging_window};
}

Seconds sensor_resolution(const SensorLimits& sensor, Seconds interval) {
    return std::max({interval,
                     sensor.update_period.value_or(Seconds{0.0}),
                     sensor.averaging_window.value_or(Seconds{0.0})});
}

std::optional<Window> covered_window(const PowerView& view, Window window) {
    const auto watts = view.power_watts;
    const auto first = std::ranges::find_if(watts, is_reading);
    if (first == watts.end()) {
        return std::nullopt;
    }
    const auto last = std::find_if(watts.rbegin(), watts.rend(), is_reading);
    const Window extent{view.time[static_cast<std::size_t>(first - watts.begin())],
                        view.time[static_cast<std::size_t>(watts.rend() - last - 1)]};
    const Window covered{std::max(window.begin, extent.begin), std::min(window.end, extent.end)};
    if (covered.begin >= covered.end) {
        return std::nullopt;
    }
    return covered;
}

std::vector<Window> gaps_within(std::span<const Gap> gaps, Window window) {
    std::vector<Window> inside;
    for (const Gap& gap : gaps) {
        const Window cut{std::max(gap.window.begin, window.begin),
                         std::min(gap.window.end, window.end)};
        if (cut.begin < cut.end) {
            inside.push_back(cut);
        }
    }
    std::ranges::sort(inside, {}, &Window::begin);
    std::vector<Window> merged;
    for (const Window& gap : inside) {
        if (!merged.empty() && gap.begin <= merged.back().end) {
            merged.back().end = std::max(merged.back().end, gap.end);
        } else {
            merged.push_back(gap);
        }
    }
    return merged;
}

namespace {

// Calls visit(previous, current) with the indices of every two neighbouring good readings.
template <class Visit> void for_each_pair(const PowerView& view, Visit&& visit) {
    std::optional<std::size_t> previous;
    for (std::size_t i = 0; i < view.power_watts.size(); ++i) {
        if (is_reading(view.power_watts[i])) {
            if (previous) {
                visit(*previous, i);
            }
            previous = i;
        }
    }
}

} // namespace

std::optional<Seconds> median_interval(const PowerView& view) {
    std::vector<double> spacing;
    for_each_pair(view, [&](std::size_t a, std::size_t b) {
        spacing.push_back(to_seconds(view.time[b] - view.time[a]).value());
    });
    if (spacing.empty()) {
        return std::nullopt;
    }
    return Seconds{median(spacing)};
}

std::optional<Seconds> observed_update_period(const PowerView& view) {
    constexpr std::size_t fewest_changes = 8;
    std::vector<double> spacing;
    std::optional<Instant> last_change;
    for_each_pair(view, [&](std::size_t a, std::size_t b) {
        if (view.power_watts[a] == view.power_watts[b]) {
            return;
        }
        if (last_change) {
            spacing.push_back(to_seconds(view.time[b] - *last_change).value());
        }
        last_change = view.time[b];
    });
    if (spacing.size() < fewest_changes) {
        return std::nullopt;
    }
    return Seconds{median(spacing)};
}

bool is_constant(const PowerView& view, Window window) {
    const auto first = std::ranges::lower_bound(view.time, window.begin);
    std::optional<double> seen;
    for (auto t = first; t != view.time.end() && *t <= window.end; ++t) {
        const double watts = view.power_watts[static_cast<std::size_t>(t - view.time.begin())];
        if (!is_reading(watts)) {
            continue;
        }
        if (seen && *seen != watts) {
            return false;
        }
        seen = watts;
    }
    return true;
}

std::vector<Gap> find_gaps(const PowerView& view,
                           Seconds nominal_interval,
                           std::optional<Seconds> update_period,
                           GapReason reason) {
    const Seconds limit =
        std::max(3.0 * nominal_interval, 2.0 * update_period.value_or(Seconds{0.0}));
    std::vector<Gap> gaps;
    for_each_pair(view, [&](std::size_t a, std::size_t b) {
        if (to_seconds(view.time[b] - view.time[a]) > limit) {
            gaps.push_back({{view.time[a], view.time[b]}, reason});
        }
    });
    return gaps;
}

} // namespace joulemark::analysis
