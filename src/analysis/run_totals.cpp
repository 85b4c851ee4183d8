#include "analysis/run_totals.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace joulemark::analysis {

namespace {

bool has_boundary(const RunAnalysis& run, Boundary boundary) {
    return std::ranges::any_of(
        run.devices, [&](const DeviceAnalysis& d) { return d.device.boundary == boundary; });
}

// True when other devices of the run already measure what this one does.
bool is_contained(const RunAnalysis& run, std::size_t index) {
    const DeviceInfo& device = run.devices[index].device;
    for (std::size_t i = 0; i < index; ++i) {
        const auto& other = run.devices[i].device.uuid;
        if (device.uuid && other && *device.uuid == *other) {
            return true;
        }
    }
    const bool whole_system = has_boundary(run, Boundary::system);
    switch (device.boundary) {
    case Boundary::cpu_core:
        return whole_system || has_boundary(run, Boundary::cpu_package);
    case Boundary::cpu_package:
    case Boundary::gpu_board:
        return whole_system || has_boundary(run, Boundary::module);
    case Boundary::dram:
    case Boundary::module:
        return whole_system;
    case Boundary::system:
        return false;
    // What nobody knows may be anything that another device already measures.
    case Boundary::unknown:
        return run.devices.size() > 1;
    }
    return false;
}

void choose_devices(RunAnalysis& run) {
    std::vector<std::string> contained;
    std::vector<std::string> silent;
    for (std::size_t i = 0; i < run.devices.size(); ++i) {
        const DeviceAnalysis& device = run.devices[i];
        if (is_contained(run, i)) {
            contained.push_back(device.device.name);
        } else if (!device.energy.energy) {
            silent.push_back(device.device.name);
        } else {
            run.counted.push_back(i);
        }
    }
    if (!contained.empty()) {
        run.warnings.push_back({WarningCode::overlapping_meters,
                                fmt::format("not in the total, because other devices of the run "
                                            "measure it already, or may: {}",
                                            fmt::join(contained, ", "))});
    }
    if (!silent.empty()) {
        run.warnings.push_back(
            {WarningCode::partial_devices,
             fmt::format("the total leaves out {}: no energy is known", fmt::join(silent, ", "))});
    }
}

// Sum of independent estimates: half widths add in quadrature.
template <class Get>
std::optional<Estimate<Joules>> sum(const RunAnalysis& run, Get&& estimate_of) {
    if (run.counted.empty()) {
        return std::nullopt;
    }
    Estimate<Joules> total{Joules{0.0}, std::nullopt, 0.95, Source::measured};
    double squares = 0.0;
    bool bounded = true;
    for (const std::size_t i : run.counted) {
        const std::optional<Estimate<Joules>>& part = estimate_of(run.devices[i]);
        if (!part) {
            return std::nullopt;
        }
        total.value += part->value;
        bounded = bounded && part->interval.has_value();
        if (part->interval) {
            squares += std::pow((part->interval->high - part->interval->low).value() / 2, 2);
        }
        if (part->source != Source::measured) {
            total.source = part->source;
        }
    }
    const Joules half{std::sqrt(squares)};
    if (bounded) {
        total.interval =
            Interval<Joules>{std::max(Joules{0.0}, total.value - half), total.value + half};
    }
    return total;
}

// Peak and variation of the summed power, on the bins that all counted devices share.
void add_sum_of_curves(RunAnalysis& run) {
    std::vector<double> watts;
    std::vector<bool> valid;
    for (const std::size_t i : run.counted) {
        const auto& curve = run.devices[i].curve;
        if (!curve) {
            return;
        }
        const std::size_t n = curve->power_watts.size();
        if (watts.empty()) {
            watts.assign(n, 0.0);
            valid.assign(n, true);
        }
        const std::size_t shared = std::min(watts.size(), n);
        watts.resize(shared);
        valid.resize(shared);
        for (std::size_t k = 0; k < shared; ++k) {
            watts[k] += curve->power_watts[k];
            valid[k] = valid[k] && curve->valid[k] != 0;
        }
    }
    double n = 0.0;
    double mean = 0.0;
    double m2 = 0.0;
    double peak = 0.0;
    for (std::size_t k = 0; k < watts.size(); ++k) {
        if (!valid[k]) {
            continue;
        }
        n += 1.0;
        const double d = watts[k] - mean;
        mean += d / n;
        m2 += d * (watts[k] - mean);
        peak = std::max(peak, watts[k]);
    }
    if (n < 2.0 || mean <= 0.0) {
        return;
    }
    run.peak_power = Watts{peak};
    run.power_cv =
        Estimate<double>{std::sqrt(m2 / n) / mean, std::nullopt, 0.95, run.total_energy->source};
}

Estimate<double> per_token(const Estimate<Joules>& energy, double tokens) {
    Estimate<double> out{energy.value.value() / tokens, std::nullopt, energy.level, energy.source};
    if (energy.interval) {
        out.interval = Interval<double>{energy.interval->low.value() / tokens,
                                        energy.interval->high.value() / tokens};
    }
    return out;
}

Estimate<double> reciprocal(const Estimate<double>& of) {
    Estimate<double> out{1.0 / of.value, std::nullopt, of.level, of.source};
    if (of.interval && of.interval->low > 0.0) {
        out.interval = Interval<double>{1.0 / of.interval->high, 1.0 / of.interval->low};
    }
    return out;
}

} // namespace

void add_totals(RunAnalysis& run, std::optional<std::int64_t> tokens) {
    choose_devices(run);
    using Part = const std::optional<Estimate<Joules>>&;
    run.total_energy = sum(run, [](const DeviceAnalysis& d) -> Part { return d.energy.energy; });
    run.total_net_energy = sum(run, [](const DeviceAnalysis& d) -> Part { return d.net_energy; });
    if (!run.total_energy) {
        return;
    }
    const Seconds duration = run.duration();
    run.mean_power = Estimate<Watts>{
        run.total_energy->value / duration, std::nullopt, 0.95, run.total_energy->source};
    if (run.total_energy->interval) {
        run.mean_power->interval = Interval<Watts>{run.total_energy->interval->low / duration,
                                                   run.total_energy->interval->high / duration};
    }
    if (run.counted.size() == 1) {
        const DeviceAnalysis& only = run.devices[run.counted.front()];
        if (only.statistics) {
            run.peak_power = only.statistics->peak;
            run.power_cv = only.statistics->cv;
        }
    } else {
        add_sum_of_curves(run);
    }
    if (tokens && *tokens > 0) {
        run.joules_per_token = per_token(*run.total_energy, static_cast<double>(*tokens));
        if (run.joules_per_token->value > 0.0) {
            run.tokens_per_joule = reciprocal(*run.joules_per_token);
        }
    }
}

} // namespace joulemark::analysis
