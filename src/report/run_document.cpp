#include "report/run_document.hpp"

#include "core/throttle.hpp"
#include "report/device_json.hpp"
#include "report/json_values.hpp"

namespace joulemark::report {

namespace {

using namespace analysis;

Json instant_json(Instant t, Instant zero) { return number(to_seconds(t - zero)); }

Json wall_json(const std::optional<WallAnchor>& anchor, Instant t) {
    return anchor ? Json(iso8601_utc(anchor->unix_ns_at(t))) : Json(nullptr);
}

Json terms_json(const EnergyResult& energy) {
    Json out = Json::array();
    for (const UncertaintyTerm& term : energy.terms) {
        out.push_back({{"name", term.name},
                       {"half_width_joules", number(term.half_width)},
                       {"common_to_runs_on_this_device", term.common}});
    }
    return out;
}

Json source_energy_json(const std::optional<SourceEnergy>& source) {
    if (!source) {
        return nullptr;
    }
    return {{"energy_joules", number(source->energy)},
            {"half_width_joules_before_gain", number(source->half_width)}};
}

Json interval_json(const std::optional<Interval<Joules>>& interval) {
    if (!interval) {
        return nullptr;
    }
    return Json::array({number(interval->low), number(interval->high)});
}

void put_energy(Json& out, const EnergyResult& energy) {
    out["total_energy_joules"] = value_of(energy.energy);
    out["energy"] = estimate(energy.energy);
    out["energy_source"] = to_string(energy.method);
    out["energy_explanation"] = energy.explanation;
    out["energy_interval_before_gain"] = interval_json(energy.repeatability);
    out["energy_by_counter"] = source_energy_json(energy.by_counter);
    out["energy_by_power"] = source_energy_json(energy.by_power);
    out["energy_disagreement"] = number(energy.disagreement);
    out["uncertainty_terms"] = terms_json(energy);
    out["counter_tick_seconds"] = number(energy.tick);
    out["gap_seconds"] = number(energy.gap_time);
}

Json phase_json(const Phase& phase, Instant zero) {
    Json out;
    out["phase"] = to_string(phase.kind);
    out["start_time"] = instant_json(phase.window.begin, zero);
    out["end_time"] = instant_json(phase.window.end, zero);
    out["avg_power"] = number(phase.mean);
    out["peak_power"] = number(phase.peak);
    out["min_power"] = number(phase.min);
    out["power_stdev"] = number(phase.stdev);
    out["power_cv"] = number(phase.cv);
    out["energy_joules"] = number(phase.energy);
    out["ramp_rate_ws"] = number(phase.ramp_rate);
    out["inferred"] = phase.inferred;
    out["touches_gap"] = phase.touches_gap;
    return out;
}

Json phases_json(const std::optional<PhaseReport>& report, Instant zero) {
    Json out = Json::array();
    if (!report) {
        return out;
    }
    for (const Phase& phase : report->phases) {
        out.push_back(phase_json(phase, zero));
    }
    return out;
}

Json phase_summary_json(const std::optional<PhaseReport>& report) {
    if (!report) {
        return nullptr;
    }
    Json out;
    for (const PhaseSummary& kind : report->summary) {
        out[std::string(to_string(kind.kind))] = {{"count", kind.count},
                                                  {"duration_seconds", number(kind.time)},
                                                  {"energy_joules", number(kind.energy)},
                                                  {"avg_power_watts", number(kind.mean)}};
    }
    return out;
}

Json phase_method_json(const std::optional<PhaseReport>& report) {
    if (!report) {
        return nullptr;
    }
    const PhaseMethod& method = report->method;
    Json out;
    out["fixed_thresholds"] = method.fixed_thresholds;
    out["idle_level_watts"] = number(report->levels.idle);
    out["idle_level_source"] =
        report->levels.idle ? Json(to_string(report->levels.idle_source)) : Json(nullptr);
    out["active_level_watts"] = number(report->levels.active);
    out["step_seconds"] = number(method.step);
    out["slope_window_seconds"] = number(method.slope_window);
    out["slope_threshold_watts_per_second"] = number(method.slope_threshold);
    out["dwell_seconds"] = number(method.dwell);
    out["resolution_seconds"] = number(method.resolution);
    out["unresolved_edges"] = report->unresolved_count;
    return out;
}

Json statistics_json(const std::optional<PowerStatistics>& s, Instant zero) {
    if (!s) {
        return nullptr;
    }
    Json out;
    out["window"] =
        Json::array({instant_json(s->window.begin, zero), instant_json(s->window.end, zero)});
    out["avg_power"] = estimate(std::optional(s->mean));
    out["peak_power_watts"] = number(s->peak);
    out["peak_time"] = instant_json(s->peak_time, zero);
    out["min_power_watts"] = number(s->min);
    out["power_stdev_watts"] = number(s->stdev);
    out["power_cv"] = estimate(s->cv);
    out["percentiles_watts"] = {{"p1", number(s->percentiles.p1)},
                                {"p5", number(s->percentiles.p5)},
                                {"p50", number(s->percentiles.p50)},
                                {"p95", number(s->percentiles.p95)},
                                {"p99", number(s->percentiles.p99)}};
    out["correlation_time_seconds"] = number(s->correlation_time);
    out["effective_samples"] = number(s->effective_samples);
    out["constant_reading"] = s->constant_reading;
    return out;
}

Json slew_json(const std::optional<Slew>& slew, Instant zero) {
    if (!slew) {
        return nullptr;
    }
    return {{"watts_per_second", number(slew->rate)},
            {"time", instant_json(slew->time, zero)},
            {"at_least", slew->unresolved}};
}

Json derivatives_json(const std::optional<Derivatives>& d, Instant zero) {
    if (!d) {
        return nullptr;
    }
    return {{"window_seconds", number(d->window)},
            {"max_ramp", slew_json(d->max_ramp, zero)},
            {"max_fall", slew_json(d->max_fall, zero)},
            {"p99_abs_watts_per_second", number(d->p99_abs)}};
}

Json slow_json(const SlowSummary& slow) {
    Json out;
    out["temperature_mean_celsius"] = number(slow.temperature_mean);
    out["temperature_max_celsius"] = number(slow.temperature_max);
    out["memory_temperature_max_celsius"] = number(slow.memory_temperature_max);
    out["utilisation_mean"] = number(slow.utilisation_mean);
    out["memory_used_max_bytes"] = number(slow.memory_used_max);
    out["sm_clock_mean_hertz"] = number(slow.sm_clock_mean);
    out["memory_clock_mean_hertz"] = number(slow.memory_clock_mean);
    out["power_limit_watts"] = number(slow.power_limit);
    out["throttle_reasons"] =
        slow.throttle_reasons ? Json(throttle_names(*slow.throttle_reasons)) : Json(nullptr);
    return out;
}

Json gaps_json(const SamplingReport& report, Instant zero) {
    constexpr std::size_t most_gaps = 100;
    Json out = Json::array();
    for (const Gap& gap : report.gaps) {
        if (out.size() == most_gaps) {
            break;
        }
        out.push_back({{"start_time", instant_json(gap.window.begin, zero)},
                       {"end_time", instant_json(gap.window.end, zero)},
                       {"reason", to_string(gap.reason)}});
    }
    return out;
}

Json sampling_json(const DeviceAnalysis& device, Instant zero) {
    const SamplingReport& report = device.sampling;
    Json out;
    out["interval_seconds"] = number(to_seconds(device.interval));
    out["samples"] = report.samples;
    out["unchanged_readings"] = report.unchanged_readings;
    out["missed_deadlines"] = report.missed_deadlines;
    out["failed_reads"] = report.failed_reads;
    out["rejected_times"] = report.rejected_times;
    out["times_lost"] = report.times_lost;
    out["gap_count"] = report.gap_count;
    out["gap_seconds"] = number(to_seconds(report.gap_total));
    out["gaps"] = gaps_json(report, zero);
    out["latency_p50_seconds"] = number(to_seconds(report.latency_p50));
    out["latency_p99_seconds"] = number(to_seconds(report.latency_p99));
    out["lateness_p99_seconds"] = number(to_seconds(report.lateness_p99));
    out["lateness_max_seconds"] = number(to_seconds(report.lateness_max));
    out["cpu_seconds"] = number(report.cpu_time);
    out["wall_clock_step_seconds"] = number(to_seconds(report.wall_step));
    out["merged_samples"] = device.merged;
    return out;
}

Json marks_json(const DeviceAnalysis& device, Instant zero) {
    Json out = Json::array();
    for (const MarkEnergy& entry : device.marks) {
        Json mark;
        mark["name"] = entry.mark.name;
        mark["start_time"] = instant_json(entry.mark.window.begin, zero);
        mark["end_time"] = instant_json(entry.mark.window.end, zero);
        mark["closed"] = entry.mark.closed;
        mark["energy"] = estimate(entry.energy.energy);
        mark["avg_power_watts"] = number(entry.mean_power);
        mark["warnings"] = warnings_json(entry.energy.warnings);
        out.push_back(std::move(mark));
    }
    return out;
}

Json baseline_json(const std::optional<Baseline>& baseline, Instant zero) {
    if (!baseline) {
        return nullptr;
    }
    Json out;
    out["power"] = estimate(std::optional(baseline->power));
    out["window"] = baseline->window ? Json::array({instant_json(baseline->window->begin, zero),
                                                    instant_json(baseline->window->end, zero)})
                                     : Json(nullptr);
    return out;
}

Json device_analysis_json(const DeviceAnalysis& device, const RunAnalysis& run) {
    const Instant zero = run.window.begin;
    Json out = device_json(device.device);
    out["duration_seconds"] = number(run.duration());
    put_energy(out, device.energy);
    out["net_energy_joules"] = value_of(device.net_energy);
    out["net_energy"] = estimate(device.net_energy);
    out["baseline"] = baseline_json(device.baseline, zero);
    out["avg_power_watts"] = value_of(device.mean_power);
    out["avg_power"] = estimate(device.mean_power);
    out["peak_power_watts"] = device.statistics ? number(device.statistics->peak) : Json(nullptr);
    out["power_cv"] = device.statistics ? value_of(device.statistics->cv) : Json(nullptr);
    out["power_cv_steady"] = device.steady ? value_of(device.steady->cv) : Json(nullptr);
    out["statistics"] = statistics_json(device.statistics, zero);
    out["steady_statistics"] = statistics_json(device.steady, zero);
    out["phases"] = phases_json(device.phases, zero);
    out["phase_summary"] = phase_summary_json(device.phases);
    out["phase_method"] = phase_method_json(device.phases);
    out["derivatives"] = derivatives_json(device.derivatives, zero);
    out["marks"] = marks_json(device, zero);
    out["conditions"] = slow_json(device.slow);
    out["sampling"] = sampling_json(device, zero);
    out["warnings"] = warnings_json(device.warnings);
    return out;
}

void put_record(Json& out, const RunRecord& record) {
    out["run_id"] = record.id;
    out["verb"] = record.verb;
    out["state"] = to_string(record.state);
    out["created"] = iso8601_utc(record.created_unix_ns);
    out["recorded_by_version"] = record.tool_version;
    out["host"] = record.host;
    out["label"] = record.label;
    out["command"] = record.command;
    out["exit_status"] = record.exit_status ? Json(*record.exit_status) : Json(nullptr);
    out["source_file"] = record.source_file.empty() ? Json(nullptr) : Json(record.source_file);
}

void put_totals(Json& out, const RunRecord& record, const RunAnalysis& run) {
    const DeviceAnalysis* only =
        run.counted.size() == 1 ? &run.devices[run.counted.front()] : nullptr;
    out["start"] = wall_json(record.anchor, run.window.begin);
    out["end"] = wall_json(record.anchor, run.window.end);
    out["duration_seconds"] = number(run.duration());
    out["total_energy_joules"] = value_of(run.total_energy);
    out["energy"] = estimate(run.total_energy);
    out["energy_source"] = only != nullptr       ? Json(to_string(only->energy.method))
                           : run.counted.empty() ? Json(to_string(EnergyMethod::none))
                                                 : Json("per_device");
    out["net_energy_joules"] = value_of(run.total_net_energy);
    out["net_energy"] = estimate(run.total_net_energy);
    out["avg_power_watts"] = value_of(run.mean_power);
    out["avg_power"] = estimate(run.mean_power);
    out["peak_power_watts"] = number(run.peak_power);
    out["power_cv"] = value_of(run.power_cv);
    out["power_cv_estimate"] = estimate(run.power_cv);
    out["tokens_generated"] = record.tokens ? Json(*record.tokens) : Json(nullptr);
    out["joules_per_token"] = value_of(run.joules_per_token);
    out["joules_per_token_estimate"] = estimate(run.joules_per_token);
    out["tokens_per_joule"] = value_of(run.tokens_per_joule);
    out["phases"] = only != nullptr ? phases_json(only->phases, run.window.begin) : Json::array();
}

Json import_json(const ImportNote& note) {
    Json rejected = Json::array();
    for (const ImportNote::Row& row : note.rejected) {
        rejected.push_back({{"line", row.line}, {"reason", row.reason}});
    }
    return {{"format", note.format},
            {"rows", note.rows},
            {"rejected_count", note.rejected_count},
            {"rejected_rows", rejected}};
}

std::vector<Warning> all_warnings(const RunRecord& record, const RunAnalysis& run) {
    std::vector<Warning> out = record.warnings;
    out.insert(out.end(), run.warnings.begin(), run.warnings.end());
    for (const DeviceAnalysis& device : run.devices) {
        for (const Warning& warning : device.warnings) {
            out.push_back({warning.code,
                           run.devices.size() > 1 ? device.device.name + ": " + warning.message
                                                  : warning.message});
        }
    }
    return out;
}

} // namespace

std::string run_document(const RunRecord& record,
                         const RunAnalysis& run,
                         const std::optional<ImportNote>& import) {
    Json out = document("joulemark-run/1", record.simulated);
    put_record(out, record);
    put_totals(out, record, run);
    Json devices = Json::array();
    for (const DeviceAnalysis& device : run.devices) {
        devices.push_back(device_analysis_json(device, run));
    }
    out["devices"] = std::move(devices);
    Json counted = Json::array();
    for (const std::size_t i : run.counted) {
        counted.push_back(run.devices[i].device.name);
    }
    out["devices_in_total"] = std::move(counted);
    out["import"] = import ? import_json(*import) : Json(nullptr);
    out["warnings"] = warnings_json(all_warnings(record, run));
    return serialise(out);
}

std::string runs_document(const std::vector<RunSummary>& runs) {
    bool any_simulated = false;
    Json list = Json::array();
    for (const RunSummary& run : runs) {
        const RunRecord& record = run.record;
        any_simulated = any_simulated || record.simulated;
        Json entry;
        put_record(entry, record);
        entry["simulated"] = record.simulated;
        entry["duration_seconds"] = record.window && record.window->length() > Nanoseconds{0}
                                        ? number(to_seconds(record.window->length()))
                                        : Json(nullptr);
        entry["tokens_generated"] = record.tokens ? Json(*record.tokens) : Json(nullptr);
        Json devices = Json::array();
        for (const DeviceInfo& device : record.devices) {
            devices.push_back({{"device", device.name}, {"name", device.product}});
        }
        entry["devices"] = std::move(devices);
        entry["samples"] = run.fast_samples;
        entry["stored_bytes"] = run.bytes;
        list.push_back(std::move(entry));
    }
    Json out = document("joulemark-runs/1", any_simulated);
    out["runs"] = std::move(list);
    out["warnings"] = Json::array();
    return serialise(out);
}

} // namespace joulemark::report
