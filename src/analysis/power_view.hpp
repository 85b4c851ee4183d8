// What analysis looks at: one power column over time, and the stretches of it that nobody saw.
// Views only: the columns must outlive them. Every function of this room is pure and safe from any
// thread.
//
//     PowerView view = power_view(trace.fast(), trace.report().gaps);
#pragma once

#include "core/device_info.hpp"
#include "core/metric.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"
#include "core/units.hpp"

#include <cmath>
#include <optional>
#include <span>
#include <vector>

namespace joulemark::analysis {

// `time` strictly increases and is as long as `power_watts`. A NaN is a reading that failed: its
// neighbours are joined by a straight line, as if the row had not been taken. Gaps may stand in any
// order and overlap.
struct PowerView {
    std::span<const Instant> time;
    std::span<const double> power_watts;
    std::span<const Gap> gaps = {};
};

// The power column of `columns` (or `average_power`, when that is what is wanted); an empty view
// when it is absent.
[[nodiscard]] PowerView power_view(const Columns& columns,
                                   std::span<const Gap> gaps = {},
                                   Metric metric = Metric::power);

// A reading that worked. Infinities never come from a sensor and count as missing.
[[nodiscard]] inline bool is_reading(double watts) { return std::isfinite(watts); }

// What the sensor can show. Unknown stays absent; nothing here replaces it by a guess.
struct SensorLimits {
    std::optional<Seconds> update_period;    // refresh of the register
    std::optional<Seconds> averaging_window; // length of its boxcar
};

[[nodiscard]] SensorLimits sensor_limits(const std::optional<SensorProfile>& sensor);

// The shortest time over which the sensor says something new and of its own: the largest of update
// period, averaging window and `interval`.
[[nodiscard]] Seconds sensor_resolution(const SensorLimits& sensor, Seconds interval);

// First to last reading that worked, cut to `window`; nothing when less than two readings bound it.
[[nodiscard]] std::optional<Window> covered_window(const PowerView& view, Window window);

// Gaps inside `window`, merged, in order, without empty ones.
[[nodiscard]] std::vector<Window> gaps_within(std::span<const Gap> gaps, Window window);

// Median spacing of the readings that worked; nothing below two of them. O(n).
[[nodiscard]] std::optional<Seconds> median_interval(const PowerView& view);

// Refresh period of the register as the readings show it: median time between changes of value. An
// upper bound when the power rests on one quantum, never below the polling interval; nothing below
// eight changes. O(n).
[[nodiscard]] std::optional<Seconds> observed_update_period(const PowerView& view);

// True when no two readings inside `window` differ: a register that does not live, or a load below
// its resolution.
[[nodiscard]] bool is_constant(const PowerView& view, Window window);

// Stretches between good readings longer than 3 nominal intervals and than 2 update periods.
// Runs of NaN count as stretches without readings.
[[nodiscard]] std::vector<Gap> find_gaps(const PowerView& view,
                                         Seconds nominal_interval,
                                         std::optional<Seconds> update_period,
                                         GapReason reason = GapReason::absent_in_source);

} // namespace joulemark::analysis
