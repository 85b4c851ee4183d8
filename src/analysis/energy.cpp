#include "analysis/energy.hpp"

#include "analysis/counter_energy.hpp"
#include "analysis/counter_track.hpp"
#include "analysis/power_bounds.hpp"
#include "analysis/power_energy.hpp"
#include "analysis/power_track.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace joulemark::analysis {

namespace {

constexpr double z95 = 1.959963984540054; // normal quantile of 97.5 %
// Sources may differ by this much of the energy through their gains alone.
constexpr double gain_mismatch = 0.02;
constexpr double short_window_share = 0.05;
constexpr Seconds long_average{0.5};

// The readings that follow power most closely: instantaneous ones where there are any.
struct PowerChannel {
    std::span<const double> values;
    std::optional<SensorProfile> profile;
};

PowerChannel best_power(const Trace& trace) {
    const Columns& fast = trace.fast();
    const auto usable = [](std::span<const double> values) {
        return std::ranges::any_of(values, [](double v) { return !std::isnan(v); });
    };
    if (usable(fast.values(Metric::power))) {
        return {fast.values(Metric::power), trace.info().device.power_sensor};
    }
    if (usable(fast.values(Metric::average_power))) {
        return {fast.values(Metric::average_power), trace.info().device.average_sensor};
    }
    return {};
}

void add_term(std::vector<UncertaintyTerm>& terms,
              std::string name,
              double sigma,
              bool common = false) {
    if (sigma > 0.0) {
        terms.push_back({std::move(name), Joules{z95 * sigma}, common});
    }
}

std::vector<UncertaintyTerm> terms_of(const CounterEnergy& e) {
    std::vector<UncertaintyTerm> terms;
    add_term(terms, "tick_timing", e.tick_timing);
    add_term(terms, "inside_tick", e.inside_tick);
    add_term(terms, "beyond_ticks", e.beyond_ticks);
    return terms;
}

std::vector<UncertaintyTerm> terms_of(const PowerEnergy& e) {
    std::vector<UncertaintyTerm> terms;
    add_term(terms, "sampling", e.sampling);
    add_term(terms, "edges", e.edges);
    add_term(terms, "lag", e.lag);
    add_term(terms, "gaps", e.gaps);
    add_term(terms, "uncovered", e.uncovered);
    return terms;
}

double half_width(std::span<const UncertaintyTerm> terms, bool with_common) {
    double squares = 0.0;
    for (const UncertaintyTerm& term : terms) {
        if (with_common || !term.common) {
            squares += term.half_width.value() * term.half_width.value();
        }
    }
    return std::sqrt(squares);
}

// Energy is never below zero, so neither is an interval's lower end.
Interval<Joules> interval_about(double joules, double half) {
    return {Joules{std::max(0.0, joules - half)}, Joules{joules + half}};
}

template <class Parts> SourceEnergy source_energy(const Parts& parts) {
    return {Joules{parts.joules}, Joules{half_width(terms_of(parts), true)}};
}

void settle(EnergyResult& result,
            double joules,
            std::vector<UncertaintyTerm> terms,
            double gain_uncertainty,
            bool simulated) {
    if (gain_uncertainty > 0.0) {
        terms.push_back({"sensor_gain", Joules{gain_uncertainty * std::abs(joules)}, true});
    }
    result.terms = std::move(terms);
    result.energy = Estimate<Joules>{Joules{joules},
                                     interval_about(joules, half_width(result.terms, true)),
                                     0.95,
                                     simulated ? Source::simulated : Source::measured};
    result.repeatability = interval_about(joules, half_width(result.terms, false));
}

void warn(EnergyResult& result, WarningCode code, std::string message) {
    result.warnings.push_back({code, std::move(message)});
}

// Why the counter is not used, as a warning where that is worth one.
std::string counter_refusal(EnergyResult& result,
                            const Trace& trace,
                            const CounterTrack& counter,
                            Window window) {
    if (!trace.fast().has(Metric::energy_counter) || counter.readings == 0) {
        warn(result,
             WarningCode::no_counter,
             "the device gave no energy counter; energy is integrated from its power readings");
        return "no energy counter";
    }
    if (counter.has_reset_in(window)) {
        warn(result,
             WarningCode::counter_reset,
             "the energy counter went backwards inside the window, as after a driver reload; its "
             "differences are not used");
        return "the energy counter was reset inside the window";
    }
    if (counter.ticks.empty()) {
        warn(result,
             WarningCode::counter_constant,
             fmt::format("the energy counter kept one value over {} readings", counter.readings));
        return "the energy counter never changed";
    }
    warn(result,
         WarningCode::window_not_covered,
         fmt::format("only {} change(s) of the energy counter were recorded around the window",
                     counter.ticks.size()));
    return "too few changes of the energy counter around the window";
}

void judge_agreement(EnergyResult& result) {
    if (!result.by_counter || !result.by_power) {
        return;
    }
    const double counter = result.by_counter->energy.value();
    const double power = result.by_power->energy.value();
    if (counter <= 0.0) {
        return;
    }
    result.disagreement = power / counter - 1.0;
    const double allowed =
        std::hypot(result.by_counter->half_width.value(), result.by_power->half_width.value()) +
        gain_mismatch * counter;
    if (std::abs(power - counter) <= allowed) {
        return;
    }
    warn(
        result,
        WarningCode::sources_disagree,
        fmt::format("integrated power says {:.4g} J, the energy counter {:.4g} J ({:+.1f} %): more "
                    "than their intervals allow",
                    power,
                    counter,
                    100.0 * *result.disagreement));
}

void judge_window(EnergyResult& result, Window window, std::optional<Seconds> step) {
    if (!result.energy || !result.repeatability || result.energy->value <= Joules{0.0}) {
        return;
    }
    const double half = half_width(result.terms, false) / result.energy->value.value();
    if (half <= short_window_share) {
        return;
    }
    const double length = to_seconds(window.length()).value();
    const std::string against =
        step ? fmt::format(" against a sensor step of {:.3g} s", step->value()) : std::string();
    warn(result,
         WarningCode::window_too_short,
         fmt::format("a window of {:.3g} s is short{}: ±{:.1f} % before the sensor's gain",
                     length,
                     against,
                     100.0 * half));
}

void judge_sensor(EnergyResult& result, const PowerTrack& power, bool counter_used) {
    if (power.empty()) {
        return;
    }
    const SensorTiming& timing = power.timing;
    if (timing.averaging_window >= long_average) {
        warn(result,
             WarningCode::averaged_sensor,
             fmt::format("power readings are averages over {:.3g} s",
                         timing.averaging_window.value()));
    }
    if (counter_used) {
        return;
    }
    if (timing.assumed) {
        warn(
            result,
            WarningCode::sensor_assumed,
            "window, delay and update period of the power sensor are not known; readings are taken "
            "as means since the reading before");
    } else if (timing.averaging_window > Seconds{0.0} &&
               timing.averaging_window < timing.update_period * 0.9) {
        warn(result,
             WarningCode::aliasing_possible,
             fmt::format("the power sensor sees {:.0f} ms of every {:.0f} ms; a load that repeats "
                         "with that period can hide from it",
                         timing.averaging_window.value() * 1e3,
                         timing.update_period.value() * 1e3));
    }
    if (power.constant) {
        warn(result, WarningCode::constant_reading, "the power reading never changed");
    }
}

Seconds gap_time(const SamplingReport& report, Window window) {
    Seconds total{0.0};
    for (const Gap& gap : report.gaps) {
        const Nanoseconds inside =
            std::min(gap.window.end, window.end) - std::max(gap.window.begin, window.begin);
        if (inside > Nanoseconds{0}) {
            total += to_seconds(inside);
        }
    }
    return total;
}

void judge_gaps(EnergyResult& result, Window window) {
    if (result.gap_time <= Seconds{0.0}) {
        return;
    }
    warn(result,
         WarningCode::gap,
         fmt::format("{:.3g} s of {:.3g} s are without readings",
                     result.gap_time.value(),
                     to_seconds(window.length()).value()));
}

void use_counter(EnergyResult& result, const CounterEnergy& counter, double gain, bool simulated) {
    result.method = EnergyMethod::counter;
    result.explanation = result.by_power
                             ? "energy counter, aligned to its ticks; power readings shape the two "
                               "ticks that the window cuts"
                             : "energy counter, aligned to its ticks";
    settle(result, counter.joules, terms_of(counter), gain, simulated);
}

void use_power(EnergyResult& result,
               const PowerEnergy& power,
               const std::string& reason,
               double gain,
               bool simulated) {
    result.method = EnergyMethod::integrated_power;
    result.explanation = "integrated power readings: " + reason;
    settle(result, power.joules, terms_of(power), gain, simulated);
    if (power.uncovered_seconds <= 0.0) {
        return;
    }
    warn(result,
         WarningCode::window_not_covered,
         fmt::format("readings cover all but {:.3g} s of the window", power.uncovered_seconds));
}

} // namespace

std::string_view to_string(EnergyMethod method) {
    switch (method) {
    case EnergyMethod::none:
        return "none";
    case EnergyMethod::counter:
        return "counter";
    case EnergyMethod::integrated_power:
        return "integrated_power";
    }
    return "none";
}

EnergyResult estimate_energy(const Trace& trace, Window window) {
    const DeviceInfo& device = trace.info().device;
    const PowerChannel channel = best_power(trace);
    const PowerTrack power = track_power(trace.fast().time, channel.values, channel.profile);
    const std::optional<Seconds> documented_tick =
        device.counter ? device.counter->tick : std::nullopt;
    const CounterTrack counter = track_counter(
        trace.fast().time, trace.fast().values(Metric::energy_counter), documented_tick);
    const PowerBounds bounds = device_bounds(device, power);

    EnergyResult result;
    result.tick = counter.median_spacing;
    result.gap_time = gap_time(trace.report(), window);
    const auto by_counter = counter_energy(counter, power, window, bounds, documented_tick);
    const auto by_power = power_energy(power, window, bounds);
    if (by_counter) {
        result.by_counter = source_energy(*by_counter);
    }
    if (by_power) {
        result.by_power = source_energy(*by_power);
    }
    if (by_counter) {
        use_counter(result,
                    *by_counter,
                    device.counter ? device.counter->gain_uncertainty : 0.05,
                    device.simulated);
    } else if (by_power) {
        const std::string reason = counter_refusal(result, trace, counter, window);
        use_power(result,
                  *by_power,
                  reason,
                  channel.profile ? channel.profile->gain_uncertainty : 0.05,
                  device.simulated);
    } else {
        result.explanation = "no power and no energy readings in the window";
        warn(result,
             WarningCode::no_power,
             fmt::format("{} gave no power readings in the window: its energy is not known",
                         device.name));
        return result;
    }
    judge_agreement(result);
    judge_window(result,
                 window,
                 by_counter ? result.tick : std::optional<Seconds>(power.timing.update_period));
    judge_sensor(result, power, by_counter.has_value());
    judge_gaps(result, window);
    return result;
}

} // namespace joulemark::analysis
