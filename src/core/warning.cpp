#include "core/warning.hpp"

#include <array>
#include <cstddef>

namespace joulemark {

namespace {

using enum WarningCode;

constexpr std::array<WarningInfo, 35> table{{
    {window_too_short,
     "window_too_short",
     "The window is so short against the sensor's tick that the interval is wide. Measure longer "
     "or repeat the work."},
    {no_counter,
     "no_counter",
     "The device has no energy counter, so energy is integrated from power readings."},
    {no_power,
     "no_power",
     "The device gave no power readings; nothing is said about its energy rather than 0 J."},
    {counter_reset,
     "counter_reset",
     "The energy counter went backwards, as after a driver reload. Counter differences across it "
     "are not used."},
    {counter_constant,
     "counter_constant",
     "The energy counter never changed inside the recording, so it cannot be used."},
    {tick_unknown,
     "tick_unknown",
     "Too few counter changes were seen to know its tick; the largest seen spacing is taken."},
    {sources_disagree,
     "sources_disagree",
     "Energy counter and integrated power differ by more than their intervals allow. Both are "
     "shown; a load that "
     "alternates at a rate the power sensor cannot see is the usual reason."},
    {averaged_sensor,
     "averaged_sensor",
     "The power readings are averages over a long window: peaks and ramps are flattened, energy of "
     "short windows lags."},
    {aliasing_possible,
     "aliasing_possible",
     "The power sensor looks only part of the time. A load whose period divides the update period "
     "can hide from it."},
    {sensor_assumed,
     "sensor_assumed",
     "The sensor's window, update period or delay is not known for this device; cautious values "
     "were taken."},
    {gap,
     "gap",
     "Readings are missing for longer than expected inside the window. The energy there is "
     "bounded, not known."},
    {missed_deadlines,
     "missed_deadlines",
     "Some readings were taken late or not at all because the machine was busy."},
    {device_lost, "device_lost", "The device disappeared during the recording."},
    {partial_devices,
     "partial_devices",
     "Not every device of the run gave an energy, so the total covers only those that are named."},
    {few_samples, "few_samples", "Too few independent readings for the statistic; it is left out."},
    {constant_reading,
     "constant_reading",
     "The power reading never changed. Energy is power times time; variation cannot be judged."},
    {time_backwards,
     "time_backwards",
     "Readings with a time not after the one before were left out."},
    {wall_clock_step,
     "wall_clock_step",
     "The wall clock was moved during the recording. Durations use the monotonic clock and are not "
     "affected."},
    {throttled,
     "throttled",
     "The device reported a thermal or power slowdown during the window; the result is not its "
     "normal behaviour."},
    {mig_whole_gpu,
     "mig_whole_gpu",
     "Power and energy belong to the whole GPU, also where only a MIG instance was asked for."},
    {vgpu, "vgpu", "The device is a virtual GPU; readings may cover the shared physical board."},
    {module_scope,
     "module_scope",
     "The reading covers a module of CPU and GPU; it must not be added to a CPU reading of the "
     "same board."},
    {baseline_missing,
     "baseline_missing",
     "No idle baseline is known, so net energy is not given."},
    {baseline_above_load,
     "baseline_above_load",
     "The idle baseline is above the mean power of the window; net energy is not given."},
    {idle_only, "idle_only", "The power never left the idle band: no work was seen in the window."},
    {phases_inferred,
     "phases_inferred",
     "Phases were inferred from power alone. Marks or engine events make them exact."},
    {decimated,
     "decimated",
     "The recording is longer than what is analysed sample by sample; neighbouring samples were "
     "merged, "
     "conserving energy."},
    {malformed_rows,
     "malformed_rows",
     "Rows of the imported file could not be read and were kept out."},
    {window_not_covered,
     "window_not_covered",
     "The recording does not reach both edges of the window."},
    {run_interrupted,
     "run_interrupted",
     "The recording was interrupted; what was measured until then is kept."},
    {child_failed,
     "child_failed",
     "The measured command failed; its energy may not be that of the work."},
    {child_outlived_window,
     "child_outlived_window",
     "The measured command ran on after the window closed."},
    {mark_unclosed,
     "mark_unclosed",
     "A window that the command opened was never closed; it ends with the recording."},
    {simulated, "simulated", "The result comes from a simulated device, not from hardware."},
    {overlapping_meters,
     "overlapping_meters",
     "Two of the devices measure the same power (for instance a package and its cores); the total "
     "counts it once."},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (table[i].code != static_cast<WarningCode>(i)) {
            return false;
        }
    }
    return true;
}
static_assert(in_order(), "one row for each code, in the order of the enumeration");

} // namespace

std::span<const WarningInfo> warning_table() { return table; }

std::string_view to_string(WarningCode code) { return table[static_cast<std::size_t>(code)].name; }

} // namespace joulemark
