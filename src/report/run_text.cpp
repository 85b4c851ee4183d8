#include "report/run_text.hpp"

#include "core/text.hpp"
#include "core/throttle.hpp"
#include "report/number_text.hpp"
#include "report/power_chart.hpp"
#include "report/text_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <span>

namespace joulemark::report {

namespace {

using namespace analysis;

constexpr std::size_t label_columns = 14;
constexpr std::size_t chart_rows = 6;

// A line that begins a part, its continuation indented.
std::string title_line(std::string_view text, const TextStyle& style) {
    return wrapped(fitting(text, style), std::max<std::size_t>(style.width, 40) - 2, 2) + "\n";
}

// "  Energy      5 432 J ..." with the value wrapped behind its label.
std::string field(std::string_view label, std::string_view value, const TextStyle& style) {
    const std::size_t width = std::max<std::size_t>(style.width, 40) - label_columns;
    return "  " + inked(padded(label, label_columns - 2), Ink::dim, style) +
           wrapped(fitting(value, style), width, label_columns) + "\n";
}

std::string interval_text(const Estimate<Joules>& e, const TextStyle& style) {
    if (!e.interval) {
        return std::string();
    }
    return fmt::format("  {}  [{}, {}] at {:.0f} %",
                       spread_text(e, style).value_or(""),
                       text_of(e.interval->low),
                       text_of(e.interval->high),
                       100 * e.level);
}

std::string energy_line(const std::optional<Estimate<Joules>>& e, const TextStyle& style) {
    if (!e) {
        return inked(unknown_text, Ink::yellow, style);
    }
    std::string out = inked(text_of(e->value), Ink::bold, style) + interval_text(*e, style);
    if (e->source != Source::measured) {
        out += fmt::format(", {}", to_string(e->source));
    }
    return out;
}

template <class Q>
std::string with_spread(const Estimate<Q>& e, std::string text, const TextStyle& style) {
    if (const auto spread = spread_text(e, style)) {
        text += " " + *spread;
    }
    return text;
}

std::string source_line(const EnergyResult& energy) {
    std::string out = energy.explanation;
    if (energy.by_counter && energy.by_power && energy.disagreement) {
        out += fmt::format("; integrated power alone says {} ({:+.2f} %)",
                           text_of(energy.by_power->energy),
                           100 * *energy.disagreement);
    }
    return out;
}

std::string precision_line(const EnergyResult& energy, const TextStyle& style) {
    if (!energy.energy || !energy.repeatability || energy.energy->value <= Joules{0.0}) {
        return {};
    }
    std::vector<std::string> parts;
    for (const UncertaintyTerm& term : energy.terms) {
        std::string name = term.name;
        std::ranges::replace(name, '_', ' ');
        parts.push_back(fmt::format(
            "{} {}", name, relative_text(term.half_width / energy.energy->value, style)));
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::string power_line(const DeviceAnalysis& device, const TextStyle& style) {
    std::string out;
    if (device.mean_power) {
        out += with_spread(*device.mean_power, text_of(device.mean_power->value), style) + " mean";
    }
    if (const auto& s = device.statistics) {
        const std::string_view dot = middle_dot(style);
        out += fmt::format(" {} peak {} {} min {} {} p50 {} {} p99 {}",
                           dot,
                           text_of(s->peak),
                           dot,
                           text_of(s->min),
                           dot,
                           text_of(s->percentiles.p50),
                           dot,
                           text_of(s->percentiles.p99));
    }
    return out.empty() ? std::string(unknown_text) : out;
}

std::string cv_text(const std::optional<PowerStatistics>& s) {
    if (!s || !s->cv) {
        return std::string(unknown_text);
    }
    std::string out = fmt::format("{:.4f}", s->cv->value);
    if (s->cv->interval) {
        out += fmt::format(" [{:.4f}, {:.4f}]", s->cv->interval->low, s->cv->interval->high);
    }
    return out;
}

std::string variation_line(const DeviceAnalysis& device, const TextStyle& style) {
    std::string out = "CV " + cv_text(device.statistics) + " whole window";
    if (device.steady) {
        out += fmt::format(" {} {} steady decode ({})",
                           middle_dot(style),
                           cv_text(device.steady),
                           duration_text(to_seconds(device.steady->window.length())));
    }
    return out;
}

std::string slope_line(const Derivatives& d, const TextStyle& style) {
    const auto slew = [](const std::optional<Slew>& s, std::string_view name) {
        if (!s) {
            return std::string();
        }
        return fmt::format(
            "{} {}{:+.0f} W/s", name, s->unresolved ? "at least " : "", s->rate.value());
    };
    std::vector<std::string> parts;
    for (const std::string& part : {slew(d.max_ramp, "ramp"), slew(d.max_fall, "fall")}) {
        if (!part.empty()) {
            parts.push_back(part);
        }
    }
    if (parts.empty()) {
        return {};
    }
    return fmt::format("{} over {}",
                       fmt::join(parts, fmt::format(" {} ", middle_dot(style))),
                       duration_text(d.window));
}

std::string conditions_line(const SlowSummary& slow, const TextStyle& style) {
    std::vector<std::string> parts;
    const std::string_view degrees = style.unicode ? "°C" : "C";
    if (slow.temperature_mean && slow.temperature_max) {
        parts.push_back(fmt::format("{:.0f} {} mean, {:.0f} {} highest",
                                    slow.temperature_mean->value(),
                                    degrees,
                                    slow.temperature_max->value(),
                                    degrees));
    }
    if (slow.utilisation_mean) {
        parts.push_back(fmt::format("busy {:.0f} % of the time", 100 * *slow.utilisation_mean));
    }
    if (slow.sm_clock_mean) {
        parts.push_back(fmt::format("SM clock {:.0f} MHz", slow.sm_clock_mean->value() * 1e-6));
    }
    if (slow.power_limit) {
        parts.push_back(fmt::format("limit {}", text_of(*slow.power_limit)));
    }
    if (slow.throttle_reasons && (*slow.throttle_reasons & ~bit(Throttle::idle)) != 0) {
        parts.push_back(fmt::format(
            "held down by {}",
            fmt::join(throttle_names(*slow.throttle_reasons & ~bit(Throttle::idle)), ", ")));
    }
    return fmt::format("{}", fmt::join(parts, fmt::format(" {} ", middle_dot(style))));
}

std::string sampling_line(const DeviceAnalysis& device, const TextStyle& style) {
    const SamplingReport& report = device.sampling;
    if (report.samples == 0) {
        return "no readings";
    }
    std::string out = counted(report.samples, "reading");
    if (device.interval > Nanoseconds{0}) {
        out += " every " + duration_text(to_seconds(device.interval));
    }
    const std::string_view dot = middle_dot(style);
    if (report.missed_deadlines > 0) {
        out += fmt::format(" {} {} missed", dot, report.missed_deadlines);
    }
    if (report.failed_reads > 0) {
        out += fmt::format(" {} {} failed", dot, report.failed_reads);
    }
    if (report.gap_count > 0) {
        out += fmt::format(" {} {}, {}",
                           dot,
                           counted(report.gap_count, "gap"),
                           duration_text(to_seconds(report.gap_total)));
    }
    if (report.latency_p99 > Nanoseconds{0}) {
        out += fmt::format(" {} a call takes {} (p99 {})",
                           dot,
                           duration_text(to_seconds(report.latency_p50)),
                           duration_text(to_seconds(report.latency_p99)));
    }
    return out;
}

std::string net_line(const DeviceAnalysis& device, const TextStyle& style) {
    if (!device.net_energy || !device.baseline) {
        return {};
    }
    return fmt::format("{}{} above an idle of {} ({})",
                       text_of(device.net_energy->value),
                       interval_text(*device.net_energy, style),
                       text_of(device.baseline->power.value),
                       device.baseline->window ? "measured before" : "given");
}

std::string phase_table(const PhaseReport& report, const TextStyle& style) {
    std::vector<std::vector<std::string>> rows;
    Joules total{0.0};
    for (const PhaseSummary& kind : report.summary) {
        total += kind.energy;
    }
    for (const PhaseSummary& kind : report.summary) {
        if (kind.count == 0) {
            continue;
        }
        Watts peak{0.0};
        for (const Phase& phase : report.phases) {
            if (phase.kind == kind.kind) {
                peak = std::max(peak, phase.peak);
            }
        }
        rows.push_back(
            {inked(to_string(kind.kind), phase_ink(kind.kind), style),
             fmt::format("{}", kind.count),
             duration_text(kind.time),
             text_of(kind.energy),
             total > Joules{0.0} ? fmt::format("{:.1f} %", 100 * (kind.energy / total)) : "",
             kind.mean ? text_of(*kind.mean) : std::string(unknown_text),
             text_of(peak)});
    }
    return text_table({{"phase"},
                       {"times", true},
                       {"time", true},
                       {"energy", true},
                       {"share", true},
                       {"mean", true},
                       {"peak", true}},
                      rows,
                      2,
                      style);
}

// Marks of one name together: how often, how long, how much.
std::string mark_table(const std::vector<MarkEnergy>& marks, const TextStyle& style) {
    struct Group {
        std::size_t count = 0;
        Seconds time{0.0};
        Joules energy{0.0};
        double squares = 0.0;
        bool known = true;
    };
    std::vector<std::string> order;
    std::map<std::string, Group> groups;
    for (const MarkEnergy& entry : marks) {
        auto [place, fresh] = groups.try_emplace(entry.mark.name);
        if (fresh) {
            order.push_back(entry.mark.name);
        }
        Group& group = place->second;
        ++group.count;
        group.time += to_seconds(entry.mark.window.length());
        group.known = group.known && entry.energy.energy && entry.energy.energy->interval;
        if (!group.known) {
            continue;
        }
        const auto& e = *entry.energy.energy;
        group.energy += e.value;
        const double half = (e.interval->high - e.interval->low).value() / 2;
        group.squares += half * half;
    }
    std::vector<std::vector<std::string>> rows;
    for (const std::string& name : order) {
        const Group& g = groups.at(name);
        std::string spread;
        if (g.known && g.energy > Joules{0.0} && g.count == 1) {
            spread = relative_text(std::sqrt(g.squares) / g.energy.value(), style);
        }
        constexpr std::size_t widest_name = 24;
        rows.push_back({printable(name, widest_name),
                        fmt::format("{}", g.count),
                        duration_text(g.time),
                        g.known ? text_of(g.energy) : std::string(unknown_text),
                        spread,
                        g.known && g.time > Seconds{0.0} ? text_of(g.energy / g.time)
                                                         : std::string(unknown_text)});
    }
    return text_table(
        {{"window"}, {"times", true}, {"time", true}, {"energy", true}, {"", true}, {"mean", true}},
        rows,
        2,
        style);
}

std::string device_heading(const DeviceInfo& device, const TextStyle& style) {
    std::string out =
        inked(printable(device.product.empty() ? device.name : device.product), Ink::bold, style);
    if (!device.product.empty()) {
        out += "  " + printable(device.name);
    }
    if (device.simulated && out.find("simulated") == std::string::npos) {
        out += " (simulated)";
    }
    if (device.power_sensor) {
        out += fmt::format("  {} {}", middle_dot(style), printable(device.power_sensor->field));
    } else if (device.average_sensor) {
        out += fmt::format("  {} {}", middle_dot(style), printable(device.average_sensor->field));
    } else if (device.counter) {
        out += fmt::format("  {} {}", middle_dot(style), printable(device.counter->field));
    }
    return title_line(out, style);
}

std::string device_text(const DeviceAnalysis& device,
                        const RunAnalysis& run,
                        bool alone,
                        const TextStyle& style) {
    std::string out = "\n" + device_heading(device.device, style);
    if (!alone) {
        out += field("Energy", energy_line(device.energy.energy, style), style);
    }
    out += field("Source", source_line(device.energy), style);
    if (const std::string line = precision_line(device.energy, style); !line.empty()) {
        out += field("Precision", line, style);
    }
    if (const std::string line = net_line(device, style); !line.empty()) {
        out += field("Net", line, style);
    }
    out += field("Power", power_line(device, style), style);
    out += field("Variation", variation_line(device, style), style);
    if (device.derivatives) {
        if (const std::string line = slope_line(*device.derivatives, style); !line.empty()) {
            out += field("Slopes", line, style);
        }
    }
    if (const std::string line = conditions_line(device.slow, style); !line.empty()) {
        out += field("Conditions", line, style);
    }
    out += field("Sampling", sampling_line(device, style), style);
    if (device.curve) {
        const std::span<const Phase> phases = device.phases
                                                  ? std::span<const Phase>(device.phases->phases)
                                                  : std::span<const Phase>();
        out += "\n" + power_chart(*device.curve, run.window, phases, chart_rows, style);
    }
    if (device.phases) {
        out += "\n" + phase_table(*device.phases, style);
    }
    if (!device.marks.empty()) {
        out += "\n" + mark_table(device.marks, style);
    }
    return out;
}

void add_warnings(std::vector<Warning>& out,
                  const std::vector<Warning>& more,
                  const std::string& who) {
    for (const Warning& warning : more) {
        out.push_back({warning.code, who.empty() ? warning.message : who + ": " + warning.message});
    }
}

std::string warnings_text(const RunRecord& record, const RunAnalysis& run, const TextStyle& style) {
    std::vector<Warning> all;
    add_warnings(all, record.warnings, "");
    add_warnings(all, run.warnings, "");
    for (const DeviceAnalysis& device : run.devices) {
        add_warnings(all, device.warnings, run.devices.size() > 1 ? device.device.name : "");
    }
    if (all.empty()) {
        return {};
    }
    std::string out = "\n" + inked("Warnings", Ink::yellow, style) + "\n";
    constexpr std::size_t code_columns = 24;
    for (const Warning& warning : all) {
        const std::size_t width = std::max<std::size_t>(style.width, 40) - code_columns;
        out += "  " + inked(padded(to_string(warning.code), code_columns - 2), Ink::yellow, style) +
               wrapped(fitting(printable(warning.message, 500), style), width, code_columns) + "\n";
    }
    return out;
}

std::string import_text(const ImportNote& note, const TextStyle& style) {
    std::string out = field("Import",
                            fmt::format("{} of {}, {} kept out",
                                        counted(note.rows, "row"),
                                        printable(note.format),
                                        count_text(note.rejected_count)),
                            style);
    constexpr std::size_t shown = 5;
    const std::size_t listed = std::min(note.rejected.size(), shown);
    for (std::size_t i = 0; i < listed; ++i) {
        out += field("",
                     fmt::format("line {}: {}",
                                 note.rejected[i].line,
                                 printable(note.rejected[i].reason, 500)),
                     style);
    }
    if (note.rejected_count > listed) {
        out +=
            field("",
                  fmt::format("and {} more{}",
                              note.rejected_count - listed,
                              note.rejected.size() > listed ? "; --json lists further ones" : ""),
                  style);
    }
    return out;
}

std::string heading(const RunRecord& record, const RunAnalysis& run, const TextStyle& style) {
    const std::string_view dot = middle_dot(style);
    std::string out = inked("Run " + printable(record.id), Ink::bold, style) +
                      fmt::format("  {} {}", dot, printable(record.verb));
    if (record.state != RunState::finished) {
        out += fmt::format(" {} {}", dot, to_string(record.state));
    }
    if (record.simulated) {
        out += fmt::format(" {} ", dot) + inked("simulated", Ink::magenta, style);
    }
    if (!record.label.empty()) {
        out += fmt::format(" {} {}", dot, printable(record.label));
    }
    out = title_line(out, style);
    std::string when = duration_text(run.duration());
    if (record.anchor) {
        when += fmt::format(" from {}", iso8601_utc(record.anchor->unix_ns_at(run.window.begin)));
    }
    out += field("Window", when, style);
    if (!record.command.empty()) {
        std::string command = printable(fmt::format("{}", fmt::join(record.command, " ")));
        if (record.exit_status && *record.exit_status != 0) {
            command += fmt::format("  (exit status {})", *record.exit_status);
        }
        out += field("Command", command, style);
    }
    if (!record.source_file.empty()) {
        out += field("File", printable(record.source_file), style);
    }
    return out;
}

std::string totals_text(const RunRecord& record, const RunAnalysis& run, const TextStyle& style) {
    std::string out = field("Energy", energy_line(run.total_energy, style), style);
    if (run.devices.size() > 1) {
        if (run.mean_power) {
            out += field("Power",
                         with_spread(*run.mean_power, text_of(run.mean_power->value), style) +
                             " mean of the sum" +
                             (run.peak_power ? ", peak " + text_of(*run.peak_power) : ""),
                         style);
        }
        out += field("Devices",
                     fmt::format("{} of {} in the total", run.counted.size(), run.devices.size()),
                     style);
    }
    if (record.tokens) {
        std::string line = counted(static_cast<std::uint64_t>(*record.tokens), "token");
        if (run.joules_per_token) {
            line = inked(quantity_text(run.joules_per_token->value, "J/token"), Ink::bold, style) +
                   " " + spread_text(*run.joules_per_token, style).value_or("") + " over " + line;
        }
        if (run.tokens_per_joule) {
            line += fmt::format(" ({} tokens/J)", number_text(run.tokens_per_joule->value));
        }
        out += field("Per token", line, style);
    }
    return out;
}

} // namespace

std::string run_text(const RunRecord& record,
                     const RunAnalysis& run,
                     const std::optional<ImportNote>& import,
                     const TextStyle& style) {
    std::string out = heading(record, run, style) + totals_text(record, run, style);
    if (import) {
        out += import_text(*import, style);
    }
    for (const DeviceAnalysis& device : run.devices) {
        out += device_text(device, run, run.devices.size() == 1, style);
    }
    return fitting(out + warnings_text(record, run, style), style);
}

std::string runs_text(const std::vector<RunSummary>& runs, const TextStyle& style) {
    if (runs.empty()) {
        return "No runs yet. 'joulemark measure' records one, 'joulemark import FILE' reads a "
               "log.\n";
    }
    std::vector<std::vector<std::string>> rows;
    for (const RunSummary& run : runs) {
        const RunRecord& record = run.record;
        const bool closed = record.window && record.window->length() > Nanoseconds{0};
        std::string devices = record.devices.empty() ? "" : record.devices.front().name;
        if (record.devices.size() > 1) {
            devices += fmt::format(" +{}", record.devices.size() - 1);
        }
        std::string what = !record.label.empty() ? record.label
                           : record.command.empty()
                               ? record.source_file
                               : fmt::format("{}", fmt::join(record.command, " "));
        constexpr std::size_t widest = 30;
        rows.push_back({printable(record.id),
                        printable(record.verb) + (record.simulated ? " (simulated)" : ""),
                        std::string(to_string(record.state)),
                        closed ? duration_text(to_seconds(record.window->length())) : "",
                        printable(devices, widest),
                        count_text(run.fast_samples),
                        printable(what, widest)});
    }
    return text_table(
        {{"run"}, {"verb"}, {"state"}, {"window", true}, {"device"}, {"readings", true}, {"what"}},
        rows,
        0,
        style);
}

} // namespace joulemark::report
