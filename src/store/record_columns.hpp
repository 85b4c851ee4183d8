// Which columns of the tables hold which members of the records, in the same order. Private to this
// room.
#pragma once

#include "core/device_info.hpp"
#include "core/estimate.hpp"
#include "core/run.hpp"
#include "core/trace.hpp"
#include "core/warning.hpp"
#include "store/fields.hpp"
#include "store/writer_process.hpp"

#include <cstddef>
#include <string_view>
#include <tuple>

namespace joulemark::store {

template <> inline constexpr std::size_t enumerator_count<RunState> = 4;
template <> inline constexpr std::size_t enumerator_count<Source> = 5;
template <> inline constexpr std::size_t enumerator_count<Boundary> = 7;
template <> inline constexpr std::size_t enumerator_count<GapReason> = 4;
template <> inline const std::size_t enumerator_count<WarningCode> = warning_table().size();

template <> struct Record<Window> {
    static auto members(auto& w) { return std::tie(w.begin, w.end); }
};

template <> struct Record<WallAnchor> {
    static auto members(auto& a) { return std::tie(a.monotonic, a.unix_ns); }
};

template <> struct Record<SensorProfile> {
    static auto members(auto& s) {
        return std::tie(
            s.field, s.update_period, s.averaging_window, s.delay, s.gain_uncertainty, s.origin);
    }
};

template <> struct Record<CounterProfile> {
    static auto members(auto& c) { return std::tie(c.field, c.tick, c.gain_uncertainty, c.origin); }
};

template <> struct Record<Mark> {
    static auto members(auto& m) { return std::tie(m.name, m.window, m.closed); }
};

template <> struct Record<Warning> {
    static auto members(auto& w) { return std::tie(w.code, w.message); }
};

template <> struct Record<Gap> {
    static auto members(auto& g) { return std::tie(g.window, g.reason); }
};

template <> struct Record<WriterProcess> {
    static auto members(auto& w) {
        return std::tie(w.pid, w.started, w.boot, w.pid_namespace, w.seen);
    }
};

// What a record and its devices hold beside these (arguments, marks, warnings, notes) has tables of
// its own.
template <> struct Record<RunRecord> {
    static constexpr std::string_view columns =
        "id, verb, state, tool_version, host, label, simulated, created_unix_ns, "
        "interval_ns, anchor_monotonic_ns, anchor_unix_ns, window_begin_ns, window_end_ns, "
        "baseline_begin_ns, baseline_end_ns, exit_status, tokens, source_file";
    static auto members(auto& r) {
        return std::tie(r.id,
                        r.verb,
                        r.state,
                        r.tool_version,
                        r.host,
                        r.label,
                        r.simulated,
                        r.created_unix_ns,
                        r.interval,
                        r.anchor,
                        r.window,
                        r.baseline,
                        r.exit_status,
                        r.tokens,
                        r.source_file);
    }
};

template <> struct Record<DeviceInfo> {
    static constexpr std::string_view columns =
        "name, backend, product, uuid, serial, pci_bus_id, vbios, driver, architecture, "
        "compute_capability, memory_total_bytes, power_limit_watts, "
        "power_limit_default_watts, power_limit_min_watts, power_limit_max_watts, "
        "idle_power_watts, persistence_mode, mig_enabled, virtual_gpu, simulated, boundary, "
        "power_field, power_update_period_seconds, power_averaging_window_seconds, "
        "power_delay_seconds, power_gain_uncertainty, power_origin, average_field, "
        "average_update_period_seconds, average_averaging_window_seconds, "
        "average_delay_seconds, average_gain_uncertainty, average_origin, counter_field, "
        "counter_tick_seconds, counter_gain_uncertainty, counter_origin";
    static auto members(auto& d) {
        return std::tie(d.name,
                        d.backend,
                        d.product,
                        d.uuid,
                        d.serial,
                        d.pci_bus_id,
                        d.vbios,
                        d.driver,
                        d.architecture,
                        d.compute_capability,
                        d.memory_total,
                        d.power_limit,
                        d.power_limit_default,
                        d.power_limit_min,
                        d.power_limit_max,
                        d.idle_power,
                        d.persistence_mode,
                        d.mig_enabled,
                        d.virtual_gpu,
                        d.simulated,
                        d.boundary,
                        d.power_sensor,
                        d.average_sensor,
                        d.counter);
    }
};

template <> struct Record<SamplingReport> {
    static constexpr std::string_view columns =
        "samples, missed_deadlines, failed_reads, unchanged_readings, rejected_times, "
        "times_lost, latency_p50_ns, latency_p99_ns, lateness_p99_ns, lateness_max_ns, "
        "cpu_time_seconds, wall_step_ns, still_lost, gap_count, gap_total_ns";
    static auto members(auto& r) {
        return std::tie(r.samples,
                        r.missed_deadlines,
                        r.failed_reads,
                        r.unchanged_readings,
                        r.rejected_times,
                        r.times_lost,
                        r.latency_p50,
                        r.latency_p99,
                        r.lateness_p99,
                        r.lateness_max,
                        r.cpu_time,
                        r.wall_step,
                        r.still_lost,
                        r.gap_count,
                        r.gap_total);
    }
};

} // namespace joulemark::store
