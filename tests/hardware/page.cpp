#include "hardware/page.hpp"

#include "core/text.hpp"
#include "report/trace_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>

namespace joulemark::hardware {

namespace {

using Out = std::back_insert_iterator<std::string>;

double ms(Seconds s) { return s.value() * 1e3; }
double us(Nanoseconds t) { return static_cast<double>(t.count()) * 1e-3; }

std::string or_unknown(const std::optional<std::string>& text) {
    return text.value_or("not reported");
}

std::string watts(const std::optional<Watts>& power) {
    return power ? fmt::format("{:.0f} W", power->value()) : "not reported";
}

std::string profile(const std::optional<SensorProfile>& sensor) {
    if (!sensor) {
        return "not offered";
    }
    const auto time = [](const std::optional<Seconds>& t) {
        return t ? fmt::format("{:.0f} ms", ms(*t)) : std::string("unknown");
    };
    return fmt::format("{} (taken for: update period {}, window {}, delay {}; {})",
                       sensor->field,
                       time(sensor->update_period),
                       time(sensor->averaging_window),
                       time(sensor->delay),
                       to_string(sensor->origin));
}

void write_head(const Findings& f, Out out) {
    const DeviceInfo& d = f.device;
    fmt::format_to(
        out,
        "# {}\n\nFound by `make hardware-check` on {}. Figures are of this one card.\n\n",
        d.product,
        iso8601_utc(f.unix_ns).substr(0, 10));
    if (!f.library.empty()) {
        fmt::format_to(
            out,
            "**Read through the library {}, named in JOULEMARK_NVML_LIBRARY, and not through the "
            "system's driver: unless that is a real driver, nothing below is about real "
            "hardware.**\n\n",
            printable(f.library));
    }
    const auto row = [&](std::string_view what, const std::string& value) {
        fmt::format_to(out, "| {} | {} |\n", what, value);
    };
    fmt::format_to(out, "| | |\n|---|---|\n");
    row("architecture, compute capability",
        fmt::format("{}, {}", or_unknown(d.architecture), or_unknown(d.compute_capability)));
    row("driver", or_unknown(d.driver));
    row("VBIOS", or_unknown(d.vbios));
    row("GPUs in the machine", fmt::format("{}", f.gpus));
    row("memory",
        d.memory_total ? fmt::format("{:.1f} GiB", d.memory_total->value() / 0x1p30)
                       : "not reported");
    row("power limit: now, default, lowest, highest",
        fmt::format("{}, {}, {}, {}",
                    watts(d.power_limit),
                    watts(d.power_limit_default),
                    watts(d.power_limit_min),
                    watts(d.power_limit_max)));
    row("power reading", profile(d.power_sensor));
    row("averaged power reading", profile(d.average_sensor));
    row("energy counter", d.counter ? d.counter->field : "not offered");
    for (const std::string& note : d.notes) {
        row("note", note);
    }
}

const MetricInfo& name_of(Metric metric) { return info_of(metric); }

void write_fields(const Findings& f, Out out) {
    fmt::format_to(out,
                   "\n## Fields\n\n| field | readings | lowest | mean | highest | unit |\n"
                   "|---|---|---|---|---|---|\n");
    for (const MetricInfo& metric : metric_table()) {
        const Columns& columns = metric.channel == Channel::fast ? f.idle.fast : f.idle.slow;
        const auto values = columns.values(metric.metric);
        const auto found = spread(values);
        if (!found) {
            fmt::format_to(out, "| {} | not offered | | | | |\n", metric.label);
            continue;
        }
        const std::string mean =
            metric.kind == MetricKind::bits ? std::string() : fmt::format("{:.6g}", found->mean);
        fmt::format_to(out,
                       "| {} | {} of {} | {:.6g} | {} | {:.6g} | {} |\n",
                       metric.label,
                       found->readings,
                       values.size(),
                       found->lowest,
                       mean,
                       found->highest,
                       metric.unit);
    }
    fmt::format_to(
        out,
        "\nFrom {:.0f} s of idling. The driver's own ring of power samples gave {} samples.\n",
        f.idle.fast.size() < 2
            ? 0.0
            : to_seconds(f.idle.fast.time.back() - f.idle.fast.time.front()).value(),
        f.idle.driver_samples.size());
}

void write_spacing(const Recording& recording, std::string_view when, Out out) {
    for (const Metric metric : {Metric::power, Metric::average_power, Metric::energy_counter}) {
        const auto values = recording.fast.values(metric);
        if (!spread(values)) {
            continue;
        }
        const auto found = change_spacing(recording.fast.time, values);
        if (!found) {
            fmt::format_to(
                out, "| {} | {} | too few changes | | | | |\n", name_of(metric).label, when);
            continue;
        }
        fmt::format_to(out,
                       "| {} | {} | {} | {:.1f} | {:.1f} | {:.1f} | **{:.2f}** |\n",
                       name_of(metric).label,
                       when,
                       found->changes,
                       ms(found->p10),
                       ms(found->p50),
                       ms(found->p90),
                       ms(found->period));
    }
}

void write_periods(const Findings& f, Out out) {
    fmt::format_to(
        out,
        "\n## Update periods\n\nSpacing of the changes of each value, polled at 1 kHz, in ms. A "
        "refresh "
        "that repeats the value shows no change; the period is what all spacings are multiples of. "
        "For the energy counter it is the tick.\n\n"
        "| value | when | changes | p10 | p50 | p90 | period |\n|---|---|---|---|---|---|---|\n");
    write_spacing(f.idle, "idle", out);
    if (!f.loaded.fast.empty()) {
        write_spacing(f.loaded, "under load", out);
    }
}

void write_latency(std::string_view what, std::vector<Nanoseconds> values, Out out) {
    if (const auto found = percentiles(std::move(values))) {
        fmt::format_to(out,
                       "| {} | {:.0f} | {:.0f} | {:.0f} |\n",
                       what,
                       us(found->p50),
                       us(found->p99),
                       us(found->max));
    }
}

void write_latencies(const Findings& f, Out out) {
    fmt::format_to(out,
                   "\n## Call latencies\n\nIn µs, for all values of a channel together.\n\n"
                   "| channel | p50 | p99 | longest |\n|---|---|---|---|\n");
    write_latency("power and energy, idle", f.idle.fast_latency, out);
    write_latency("power and energy, under load", f.loaded.fast_latency, out);
    write_latency("temperature, clocks and the rest, idle", f.idle.slow_latency, out);
    write_latency("temperature, clocks and the rest, under load", f.loaded.slow_latency, out);
    fmt::format_to(out,
                   "\n{} readings failed and {} deadlines were missed in {} readings.\n",
                   f.idle.failed + f.loaded.failed,
                   f.idle.missed + f.loaded.missed,
                   f.idle.fast.size() + f.loaded.fast.size());
}

// Mean power from the counter between first and last reading, which no averaging window touches.
std::optional<double> counter_power(const Recording& recording) {
    const auto counter = recording.fast.values(Metric::energy_counter);
    if (counter.size() < 2 || !(counter.back() > counter.front())) {
        return std::nullopt;
    }
    return (counter.back() - counter.front()) /
           to_seconds(recording.fast.time.back() - recording.fast.time.front()).value();
}

void write_idle_row(std::string_view rate, const Recording& recording, Out out) {
    const auto cell = [](const std::optional<double>& value) {
        return value ? fmt::format("{:.2f}", *value) : std::string("not offered");
    };
    const auto mean = [&](Metric metric) -> std::optional<double> {
        const auto found = spread(recording.fast.values(metric));
        return found ? std::optional(found->mean) : std::nullopt;
    };
    fmt::format_to(out,
                   "| {} | {} | {} | {} |\n",
                   rate,
                   cell(mean(Metric::power)),
                   cell(mean(Metric::average_power)),
                   cell(counter_power(recording)));
}

void write_idle(const Findings& f, Out out) {
    fmt::format_to(out,
                   "\n## Idle power\n\nIn W, no work on the GPU from us; what polling costs is the "
                   "difference of "
                   "the rows.\n\n| polled at | power reading | averaged reading | counter "
                   "|\n|---|---|---|---|\n");
    write_idle_row("10 Hz", f.idle_slow, out);
    write_idle_row("1 kHz", f.idle, out);
}

void write_window(const Findings& f, const LoadWindow& load, Out out) {
    const double seconds = to_seconds(load.window.length()).value();
    fmt::format_to(out,
                   "\n### {}: {:.3f} s, {:.4g} FLOP\n\n| method | J | mean W | pJ/FLOP | remark |\n"
                   "|---|---|---|---|---|\n",
                   load.name,
                   seconds,
                   load.flop);
    for (const MethodEnergy& m : energies(f.device, f.loaded, load.window)) {
        if (!m.energy) {
            fmt::format_to(out, "| {} | not offered | | | {} |\n", m.method, m.remark);
            continue;
        }
        const std::string interval = m.interval ? fmt::format(" ({:.1f} to {:.1f})",
                                                              m.interval->low.value(),
                                                              m.interval->high.value())
                                                : "";
        const std::string per_flop =
            load.flop > 0.0 ? fmt::format("{:.3f}", m.energy->value() / load.flop * 1e12) : "";
        fmt::format_to(out,
                       "| {} | {:.2f}{} | {:.1f} | {} | {} |\n",
                       m.method,
                       m.energy->value(),
                       interval,
                       m.energy->value() / seconds,
                       per_flop,
                       m.remark);
    }
}

void write_load(const Findings& f, Out out) {
    fmt::format_to(out, "\n## A known load, by every method\n\n");
    if (f.windows.empty()) {
        fmt::format_to(out, "Not measured: {}.\n", f.load_problem);
        return;
    }
    fmt::format_to(out, "{}. Times are the load's own, taken with the GPU idle.\n", f.load_about);
    for (const LoadWindow& window : f.windows) {
        write_window(f, window, out);
    }
}

constexpr Nanoseconds longest_thinned = std::chrono::milliseconds{50};

bool same_row(const Columns& columns, std::size_t a, std::size_t b) {
    return std::ranges::all_of(columns.column, [&](const std::vector<double>& values) {
        return values.empty() || values[a] == values[b] ||
               (std::isnan(values[a]) && std::isnan(values[b]));
    });
}

// A column without any reading is one that the device does not have.
void drop_empty_columns(Columns& columns) {
    for (std::vector<double>& values : columns.column) {
        if (!spread(values)) {
            values.clear();
        }
    }
}

Columns thinned(const Columns& all) {
    Columns kept;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const bool repeats =
            i > 0 && i + 1 < all.size() && same_row(all, i - 1, i) && same_row(all, i, i + 1);
        if (repeats && all.time[i + 1] - kept.time.back() < longest_thinned) {
            continue;
        }
        kept.time.push_back(all.time[i]);
        for (std::size_t m = 0; m < metric_count; ++m) {
            if (!all.column[m].empty()) {
                kept.column[m].push_back(all.column[m][i]);
            }
        }
    }
    return kept;
}

} // namespace

std::string file_stem(const std::string& product) {
    std::string stem;
    for (const char c : to_lower(product)) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
            stem += c;
        } else if (!stem.empty() && stem.back() != '-') {
            stem += '-';
        }
    }
    while (!stem.empty() && stem.back() == '-') {
        stem.pop_back();
    }
    stem.resize(std::min<std::size_t>(stem.size(), 80));
    return stem.empty() ? "unnamed-gpu" : stem;
}

std::string markdown(const Findings& findings) {
    std::string text;
    const Out out(text);
    write_head(findings, out);
    write_fields(findings, out);
    write_periods(findings, out);
    write_latencies(findings, out);
    write_idle(findings, out);
    write_load(findings, out);
    return text;
}

Result<std::string> trace_csv(const DeviceInfo& device, const Recording& recording) {
    TraceInfo info;
    info.device = device;
    info.device.serial.reset();
    info.device.uuid.reset();
    info.interval = longest_thinned;
    Columns fast = recording.fast;
    Columns slow = recording.slow;
    drop_empty_columns(fast);
    drop_empty_columns(slow);
    const auto trace = Trace::make(std::move(info), thinned(fast), std::move(slow));
    if (!trace) {
        return tl::unexpected(trace.error());
    }
    std::string text;
    const auto rows =
        report::write_trace_csv({&*trace, 1}, [&](std::string_view piece) -> Result<void> {
            text += piece;
            return {};
        });
    if (!rows) {
        return tl::unexpected(rows.error());
    }
    return text;
}

} // namespace joulemark::hardware
