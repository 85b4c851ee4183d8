// Reasons to doubt a number, as stable codes with a sentence each. Scripts match the code, people
// read the message.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace joulemark {

enum class WarningCode {
    window_too_short,
    no_counter,
    no_power,
    counter_reset,
    counter_constant,
    tick_unknown,
    sources_disagree,
    averaged_sensor,
    aliasing_possible,
    sensor_assumed,
    gap,
    missed_deadlines,
    device_lost,
    partial_devices,
    few_samples,
    constant_reading,
    time_backwards,
    wall_clock_step,
    throttled,
    mig_whole_gpu,
    vgpu,
    module_scope,
    baseline_missing,
    baseline_above_load,
    idle_only,
    phases_inferred,
    decimated,
    malformed_rows,
    window_not_covered,
    run_interrupted,
    child_failed,
    child_outlived_window,
    mark_unclosed,
    simulated,
    overlapping_meters,
};

struct WarningInfo {
    WarningCode code;
    std::string_view name;    // the stable code, as in JSON
    std::string_view meaning; // what it means and what to do, for the reference page
};

// One row for each code, in the order of the enumeration.
[[nodiscard]] std::span<const WarningInfo> warning_table();
[[nodiscard]] std::string_view to_string(WarningCode code);

struct Warning {
    WarningCode code;
    std::string message; // one sentence with the figures of this case
    friend bool operator==(const Warning&, const Warning&) = default;
};

} // namespace joulemark
