// The covered parts of a window, between and beside its gaps: the walk that integral, quantiles and
// bins have in common.
#pragma once

#include "analysis/integral.hpp"
#include "analysis/power_view.hpp"
#include "core/time.hpp"

#include <cstddef>
#include <vector>

namespace joulemark::analysis {

// A reading, or a point on the line between two.
struct Sample {
    Instant time;
    double watts = 0.0;
};

struct Stretches {
    std::vector<Window> covered; // in order, none of them empty
    Coverage coverage;
};

[[nodiscard]] Stretches stretches_within(const PowerView& view, Window window);

// Power at `t`, which must lie between the first and the last good reading.
[[nodiscard]] Sample sample_at(const PowerView& view, Instant t);

// The readings strictly inside a stretch, from the first good one to the last good one.
struct Readings {
    std::size_t first = 0;
    std::size_t count = 0;
};
[[nodiscard]] Readings readings_inside(const PowerView& view, Window stretch);

// Calls visit(Sample a, Sample b) for every straight piece of power inside a covered stretch.
template <class Visit> void for_each_line(const PowerView& view, Window stretch, Visit&& visit) {
    Sample previous = sample_at(view, stretch.begin);
    const Readings inside = readings_inside(view, stretch);
    for (std::size_t i = inside.first; i < inside.first + inside.count; ++i) {
        if (is_reading(view.power_watts[i])) {
            const Sample current{view.time[i], view.power_watts[i]};
            visit(previous, current);
            previous = current;
        }
    }
    visit(previous, sample_at(view, stretch.end));
}

} // namespace joulemark::analysis
