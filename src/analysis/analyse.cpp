#include "analysis/analyse.hpp"

#include "analysis/power_view.hpp"
#include "analysis/run_totals.hpp"
#include "core/throttle.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace joulemark::analysis {

namespace {

constexpr double ramp_threshold_w_per_s =
    100.0; // of the proposal; the slope window is chosen for it

// The same column as the energy is taken from: instantaneous power where there is any.
struct Shape {
    PowerView view;
    SensorLimits sensor;
};

Shape shape_of(const Trace& trace) {
    const Columns& fast = trace.fast();
    const DeviceInfo& device = trace.info().device;
    if (fast.has(Metric::power)) {
        return {power_view(fast, trace.report().gaps), sensor_limits(device.power_sensor)};
    }
    return {power_view(fast, trace.report().gaps, Metric::average_power),
            sensor_limits(device.average_sensor)};
}

template <class Q, class P, class F> Estimate<Q> scaled(const Estimate<P>& from, F&& convert) {
    Estimate<Q> out{convert(from.value), std::nullopt, from.level, from.source};
    if (from.interval) {
        out.interval = Interval<Q>{convert(from.interval->low), convert(from.interval->high)};
    }
    return out;
}

std::optional<Baseline> baseline_of(const RunRecord& record,
                                    const Trace& trace,
                                    const AnalysisOptions& options) {
    if (options.idle_power) {
        return Baseline{{*options.idle_power, std::nullopt, 0.95, Source::assumed}, {}, {}};
    }
    if (!record.baseline || record.baseline->length() <= Nanoseconds{0}) {
        return std::nullopt;
    }
    const EnergyResult idle = estimate_energy(trace, *record.baseline);
    if (!idle.energy) {
        return std::nullopt;
    }
    const Seconds length = to_seconds(record.baseline->length());
    return Baseline{scaled<Watts>(*idle.energy, [&](Joules j) { return j / length; }),
                    record.baseline,
                    (idle.repeatability->high - idle.energy->value) / length};
}

// Gross minus idle power times duration. The gain scales both alike, so the interval is that of the
// difference of the repeatable parts, widened by the gain on what is left.
void subtract_baseline(DeviceAnalysis& out, Seconds duration) {
    if (!out.energy.energy) {
        return;
    }
    if (!out.baseline) {
        out.warnings.push_back(
            {WarningCode::baseline_missing,
             "no idle baseline was recorded or given, so net energy is unknown"});
        return;
    }
    const Joules gross = out.energy.energy->value;
    const Joules idle = out.baseline->power.value * duration;
    if (idle > gross) {
        out.warnings.push_back(
            {WarningCode::baseline_above_load,
             fmt::format(
                 "the idle baseline of {:.4g} W is above the mean of {:.4g} W; net energy is "
                 "not given",
                 out.baseline->power.value.value(),
                 (gross / duration).value())});
        return;
    }
    const Joules net = gross - idle;
    double squares = 0.0;
    for (const UncertaintyTerm& term : out.energy.terms) {
        const double share = term.common ? net / gross : 1.0;
        squares += std::pow(share * term.half_width.value(), 2);
    }
    const Joules idle_half = out.baseline->half_width_before_gain * duration;
    const Joules half{std::hypot(std::sqrt(squares), idle_half.value())};
    out.net_energy =
        Estimate<Joules>{net,
                         Interval<Joules>{std::max(Joules{0.0}, net - half), net + half},
                         0.95,
                         out.energy.energy->source};
}

std::vector<MarkEnergy> energies_of_marks(const RunRecord& record, const Trace& trace) {
    constexpr std::size_t most_marks = 1000;
    std::vector<MarkEnergy> out;
    for (const Mark& mark : record.marks) {
        if (out.size() == most_marks) {
            break;
        }
        if (mark.window.length() <= Nanoseconds{0}) {
            continue;
        }
        MarkEnergy entry{mark, estimate_energy(trace, mark.window), std::nullopt};
        if (entry.energy.energy) {
            entry.mean_power = entry.energy.energy->value / to_seconds(mark.window.length());
        }
        out.push_back(std::move(entry));
    }
    return out;
}

void warn_about_device(DeviceAnalysis& out) {
    const auto warn = [&](WarningCode code, std::string message) {
        out.warnings.push_back({code, std::move(message)});
    };
    if (out.device.mig_enabled.value_or(false)) {
        warn(WarningCode::mig_whole_gpu, "MIG is on: the readings are of the whole GPU");
    }
    if (out.device.virtual_gpu) {
        warn(WarningCode::vgpu, "a virtual GPU: the readings may cover the shared board");
    }
    if (out.device.boundary == Boundary::module) {
        warn(WarningCode::module_scope, "the readings cover the module of CPU and GPU");
    }
    const std::uint32_t reasons = out.slow.throttle_reasons.value_or(0) & invalidating_throttle;
    if (reasons != 0) {
        warn(WarningCode::throttled,
             fmt::format("clocks were held down in the window: {}",
                         fmt::join(throttle_names(reasons), ", ")));
    }
}

void warn_about_sampling(DeviceAnalysis& out) {
    const auto warn = [&](WarningCode code, std::string message) {
        out.warnings.push_back({code, std::move(message)});
    };
    const SamplingReport& report = out.sampling;
    if (report.times_lost > 0) {
        warn(WarningCode::device_lost,
             fmt::format("the device disappeared {} time(s){}",
                         report.times_lost,
                         report.still_lost ? " and did not come back" : ""));
    }
    constexpr double worth_saying = 0.01;
    const auto due = static_cast<double>(report.samples + report.missed_deadlines);
    if (report.missed_deadlines > 0 &&
        static_cast<double>(report.missed_deadlines) > worth_saying * due) {
        warn(WarningCode::missed_deadlines,
             fmt::format(
                 "{} of {:.0f} readings were not taken in time", report.missed_deadlines, due));
    }
    if (report.rejected_times > 0) {
        warn(WarningCode::time_backwards,
             fmt::format("{} reading(s) with a time not after the one before were left out",
                         report.rejected_times));
    }
    constexpr Nanoseconds noticeable = std::chrono::milliseconds(100);
    if (std::chrono::abs(report.wall_step) >= noticeable) {
        warn(WarningCode::wall_clock_step,
             fmt::format("the wall clock moved by {:+.3g} s during the recording",
                         to_seconds(report.wall_step).value()));
    }
    if (out.merged > 1) {
        warn(WarningCode::decimated,
             fmt::format("every {} neighbouring readings were merged, conserving energy",
                         out.merged));
    }
}

void find_shape(DeviceAnalysis& out,
                const RunRecord& record,
                const Trace& trace,
                const AnalysisOptions& options,
                Window window) {
    const Shape shape = shape_of(trace);
    out.statistics = power_statistics(shape.view, window, shape.sensor);
    if (!out.statistics) {
        return;
    }
    PhaseOptions phases;
    phases.sensor = shape.sensor;
    if (out.baseline) {
        phases.idle_power = out.baseline->power.value;
    }
    phases.power_limit = out.slow.power_limit ? out.slow.power_limit : out.device.power_limit;
    phases.utilisation = {trace.slow().time, trace.slow().values(Metric::utilisation)};
    if (phases.utilisation.share.empty()) {
        phases.utilisation = {};
    }
    phases.fixed_thresholds = options.fixed_thresholds;
    out.phases = find_phases(shape.view, window, record.marks, phases);
    if (out.phases && out.phases->steady) {
        out.steady = power_statistics(shape.view, *out.phases->steady, shape.sensor);
    }

    const Seconds length = to_seconds(window.length());
    const Seconds interval =
        median_interval(shape.view).value_or(to_seconds(trace.info().interval));
    const Seconds step = grid_step(length, interval, shape.sensor.update_period, max_grid_points);
    if (const auto grid = node_means(shape.view, window, step)) {
        out.derivatives = derivatives(*grid, shape.sensor, WattsPerSecond{ramp_threshold_w_per_s});
    }
    const Seconds bin =
        std::max(length / static_cast<double>(DeviceAnalysis::curve_bins), interval);
    out.curve = bin_means(shape.view, window, bin);
}

void warn_about_shape(DeviceAnalysis& out) {
    if (!out.phases) {
        return;
    }
    const auto& phases = out.phases->phases;
    const bool inferred = std::ranges::any_of(phases, [](const Phase& p) {
        return p.inferred && (p.kind == PhaseKind::prefill || p.kind == PhaseKind::decode);
    });
    if (inferred) {
        out.warnings.push_back(
            {WarningCode::phases_inferred,
             "phases were inferred from power alone; marks from the command make them exact"});
    }
    const bool only_idle = !phases.empty() && std::ranges::all_of(phases, [](const Phase& p) {
        return p.kind == PhaseKind::idle;
    });
    if (only_idle) {
        out.warnings.push_back({WarningCode::idle_only, "power never left the idle band"});
    }
}

DeviceAnalysis analyse_device(const RunRecord& record,
                              const Trace& trace,
                              const AnalysisOptions& options,
                              Window window) {
    DeviceAnalysis out;
    out.device = trace.info().device;
    out.interval = trace.info().interval;
    out.merged = trace.info().merged;
    out.sampling = trace.report();
    out.energy = estimate_energy(trace, window);
    out.warnings = out.energy.warnings;
    const Seconds duration = to_seconds(window.length());
    if (out.energy.energy) {
        out.mean_power = scaled<Watts>(*out.energy.energy, [&](Joules j) { return j / duration; });
    }
    out.slow = summarise_slow(trace.slow(), window);
    out.baseline = baseline_of(record, trace, options);
    subtract_baseline(out, duration);
    find_shape(out, record, trace, options, window);
    out.marks = energies_of_marks(record, trace);
    warn_about_device(out);
    warn_about_sampling(out);
    warn_about_shape(out);
    return out;
}

// A window that was never closed, as after a crash, goes on to the last reading that all devices
// share.
std::optional<Window> common_window(const RunRecord& record, std::span<const Trace> traces) {
    if (record.window && record.window->length() > Nanoseconds{0}) {
        return record.window;
    }
    std::optional<Window> out;
    for (const Trace& trace : traces) {
        const auto extent = trace.extent();
        if (!extent) {
            continue;
        }
        if (!out) {
            out = extent;
        }
        out->begin = std::max(out->begin, extent->begin);
        out->end = std::min(out->end, extent->end);
    }
    if (out && record.window) {
        out->begin = std::max(out->begin, record.window->begin);
    }
    return out;
}

} // namespace

Result<RunAnalysis> analyse(const RunRecord& record,
                            std::span<const Trace> traces,
                            const AnalysisOptions& options) {
    const std::optional<Window> window = common_window(record, traces);
    if (!window || window->length() <= Nanoseconds{0}) {
        return fail(Kind::invalid_argument,
                    "the run has no time window with readings in it; record or import at least two "
                    "readings",
                    record.id);
    }
    RunAnalysis out;
    out.window = *window;
    out.devices.reserve(traces.size());
    for (const Trace& trace : traces) {
        out.devices.push_back(analyse_device(record, trace, options, *window));
    }
    add_totals(out, record.tokens);
    return out;
}

} // namespace joulemark::analysis
