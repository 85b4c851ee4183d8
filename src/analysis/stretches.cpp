#include "analysis/stretches.hpp"

#include <algorithm>

namespace joulemark::analysis {

Stretches stretches_within(const PowerView& view, Window window) {
    Stretches result;
    result.coverage.outside = std::max(window.length(), Nanoseconds{0});
    const auto extent = covered_window(view, window);
    if (!extent) {
        return result;
    }
    result.coverage.outside -= extent->length();
    Instant begin = extent->begin;
    for (const Window& gap : gaps_within(view.gaps, *extent)) {
        if (begin < gap.begin) {
            result.covered.push_back({begin, gap.begin});
        }
        result.coverage.in_gaps += gap.length();
        begin = gap.end;
    }
    if (begin < extent->end) {
        result.covered.push_back({begin, extent->end});
    }
    result.coverage.covered = extent->length() - result.coverage.in_gaps;
    return result;
}

Sample sample_at(const PowerView& view, Instant t) {
    const auto watts = view.power_watts;
    const auto not_before = std::ranges::lower_bound(view.time, t);
    auto after = static_cast<std::size_t>(not_before - view.time.begin());
    auto before = after;
    while (!is_reading(watts[after])) {
        ++after;
    }
    if (view.time[after] == t) {
        return {t, watts[after]};
    }
    do {
        --before;
    } while (!is_reading(watts[before]));
    const double share =
        to_seconds(t - view.time[before]) / to_seconds(view.time[after] - view.time[before]);
    return {t, watts[before] + (watts[after] - watts[before]) * share};
}

Readings readings_inside(const PowerView& view, Window stretch) {
    const auto index = [&](auto it) { return static_cast<std::size_t>(it - view.time.begin()); };
    auto first = index(std::ranges::upper_bound(view.time, stretch.begin));
    auto end = index(std::ranges::lower_bound(view.time, stretch.end));
    while (first < end && !is_reading(view.power_watts[first])) {
        ++first;
    }
    while (first < end && !is_reading(view.power_watts[end - 1])) {
        --end;
    }
    return {first, first < end ? end - first : 0};
}

} // namespace joulemark::analysis
