#include "device/simulated_spec.hpp"

#include "core/result.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "core/units.hpp"
#include "physics/activity.hpp"
#include "physics/curve.hpp"
#include "physics/gpu_catalog.hpp"
#include "physics/load.hpp"
#include "physics/sensor.hpp"
#include "physics/thermal.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tl/expected.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace joulemark::device {

namespace {

using physics::LoadCurve;

enum Key : std::size_t {
    load,
    high,
    low,
    period,
    duty,
    begin,
    length,
    cap,
    gain,
    offset,
    noise,
    counter,
    ambient,
    latency,
    random_seed,
    key_count,
};

constexpr double hour = 3600.0;
constexpr double any_watts = 1e5;
constexpr double largest_exact_integer = 0x1.0p53;

// One row for each key, in the order of the enumeration.
constexpr std::array<SimulatedOption, key_count> table{{
    {"load", OptionForm::load, 0, 0, "llm", "what the GPU does while the workload is active"},
    {"high",
     OptionForm::watts,
     0,
     any_watts,
     "80 % of the way from idle to cap",
     "high power of the load; the GPU keeps it between idle and cap"},
    {"low",
     OptionForm::watts,
     0,
     any_watts,
     "idle",
     "low power of the load; the GPU keeps it between idle and cap"},
    {"period", OptionForm::time, 1e-3, hour, "1s", "period of the square load"},
    {"duty", OptionForm::number, 0, 1, "0.5", "share of the period at high power"},
    {"begin",
     OptionForm::time,
     0,
     hour,
     "1s",
     "how long after the workload a step, ramp or burst begins"},
    {"length", OptionForm::time, 1e-3, hour, "1s", "length of a ramp or burst"},
    {"cap",
     OptionForm::watts,
     0,
     any_watts,
     "the TDP",
     "power limit, above idle and at most the TDP"},
    {"gain", OptionForm::number, 0.5, 2, "1", "what readings and counter show of the true power"},
    {"offset",
     OptionForm::watts,
     -100,
     100,
     "0",
     "what readings and counter add to the true power"},
    {"noise", OptionForm::watts, 0, 100, "0.2 % of the TDP", "standard deviation of a reading"},
    {"counter", OptionForm::on_off, 0, 1, "on where the GPU has one", "the energy counter"},
    {"ambient", OptionForm::number, -20, 60, "30", "temperature of the air in °C"},
    {"latency", OptionForm::time, 0, 1, "0s", "how long a reading takes"},
    {"seed",
     OptionForm::whole_number,
     0,
     largest_exact_integer,
     "that of --seed",
     "of phases and noise"},
}};

constexpr std::array loads =
    std::to_array<std::string_view>({"llm", "idle", "constant", "square", "step", "ramp", "burst"});
constexpr std::array switches = std::to_array<std::string_view>({"off", "on"});

// What was given, in SI units; of a choice, its place in the list.
using Given = std::array<std::optional<double>, key_count>;

std::optional<double> place_in(std::span<const std::string_view> choices, std::string_view text) {
    const auto found = std::ranges::find(choices, text);
    if (found == choices.end()) {
        return std::nullopt;
    }
    return static_cast<double>(found - choices.begin());
}

std::optional<double> in_range(const SimulatedOption& option, std::optional<double> value) {
    return value && *value >= option.least && *value <= option.most ? value : std::nullopt;
}

std::optional<double> value_from(const SimulatedOption& option, std::string_view text) {
    switch (option.form) {
    case OptionForm::load:
        return place_in(loads, text);
    case OptionForm::on_off:
        return place_in(switches, text);
    case OptionForm::time:
        return in_range(option, parse_duration_seconds(text));
    case OptionForm::number:
        return in_range(option, parse_double(text));
    case OptionForm::watts:
        if (text.ends_with('W')) {
            text.remove_suffix(1);
        }
        return in_range(option, parse_double(text));
    case OptionForm::whole_number: {
        const auto whole = parse_int(text);
        return whole ? in_range(option, static_cast<double>(*whole)) : std::nullopt;
    }
    }
    return std::nullopt;
}

std::string expectation(const SimulatedOption& option) {
    switch (option.form) {
    case OptionForm::load:
        return fmt::format("one of {}", fmt::join(loads, ", "));
    case OptionForm::on_off:
        return "on or off";
    case OptionForm::time:
        return fmt::format(
            "a time from {:g} s to {:g} s, such as 500ms", option.least, option.most);
    case OptionForm::watts:
        return fmt::format("a power from {:g} W to {:g} W, such as 150", option.least, option.most);
    case OptionForm::number:
        return fmt::format("a number from {:g} to {:g}", option.least, option.most);
    case OptionForm::whole_number:
        return "a whole number";
    }
    return "";
}

Result<void> take_option(std::string_view text, Given& given) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const auto* const option = std::ranges::find(table, name, &SimulatedOption::key);
    if (option == table.end()) {
        std::array<std::string_view, key_count> known;
        std::ranges::transform(table, known.begin(), &SimulatedOption::key);
        return fail(Kind::invalid_argument,
                    fmt::format("a simulated device has no option '{}'; it has {}",
                                printable(name, 40),
                                fmt::join(known, ", ")));
    }
    const std::string_view value = equals == std::string_view::npos ? "" : text.substr(equals + 1);
    const auto number = value_from(*option, value);
    if (!number) {
        return fail(
            Kind::invalid_argument,
            fmt::format(
                "option {} takes {}, not '{}'", name, expectation(*option), printable(value, 40)));
    }
    given[static_cast<std::size_t>(option - table.begin())] = number;
    return {};
}

Result<Given> read_options(std::string_view text) {
    Given given;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        if (const auto taken = take_option(text.substr(0, end), given); !taken) {
            return tl::unexpected(taken.error());
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return given;
}

Nanoseconds time_or(const std::optional<double>& seconds, double otherwise) {
    return to_nanoseconds(Seconds{seconds.value_or(otherwise)});
}

std::string_view load_name_in(const Given& given) {
    return loads[static_cast<std::size_t>(given[load].value_or(0.0))];
}

LoadCurve load_for(const Given& given, const physics::PowerModel& model) {
    const auto busy = [&](const std::optional<double>& watts, Watts otherwise) {
        return physics::activity_for(model, watts ? Watts{*watts} : otherwise);
    };
    const auto top = busy(given[high], model.idle + (model.cap - model.idle) * 0.8);
    const auto bottom = busy(given[low], model.idle);
    const Nanoseconds start = time_or(given[begin], 1.0);
    const Nanoseconds extent = time_or(given[length], 1.0);
    const std::string_view name = load_name_in(given);
    if (name == "idle") {
        return physics::no_load();
    }
    if (name == "constant") {
        return physics::constant(top);
    }
    if (name == "step") {
        return physics::step(bottom, top, start);
    }
    if (name == "ramp") {
        return physics::ramp(bottom, top, start, extent);
    }
    if (name == "burst") {
        return physics::burst(bottom, top, start, extent);
    }
    if (name == "square") {
        return physics::square(bottom, top, time_or(given[period], 1.0), given[duty].value_or(0.5));
    }
    return physics::llm_cycles();
}

physics::SensorParameters sensor_for(const Given& given, const physics::GpuSpec& gpu) {
    physics::SensorParameters out = physics::sensor_parameters_for(gpu);
    const auto apply = [&](auto& part) {
        part.gain = given[gain].value_or(1.0);
        part.offset = Watts{given[offset].value_or(0.0)};
    };
    apply(out.instant);
    out.instant.noise = Watts{given[noise].value_or(out.instant.noise.value())};
    if (out.average) {
        apply(*out.average);
        out.average->noise = out.instant.noise;
    }
    if (given[counter] == 0.0) {
        out.counter.reset();
    }
    if (out.counter) {
        apply(*out.counter);
    }
    return out;
}

// "h200*8" into its two parts.
Result<void> read_gpu(std::string_view text, SimulatedSpec& out) {
    const std::size_t star = text.find('*');
    out.gpu_name = printable(text.substr(0, star), 64);
    if (star != std::string_view::npos) {
        const auto count = parse_int(text.substr(star + 1));
        if (!count || *count < 1 || *count > static_cast<std::int64_t>(SimulatedSpec::max_count)) {
            return fail(Kind::invalid_argument,
                        fmt::format("'{}': after the star comes the number of GPUs, 1 to {}",
                                    printable(text, 80),
                                    std::size_t{SimulatedSpec::max_count}));
        }
        out.count = static_cast<std::size_t>(*count);
    }
    auto gpu = physics::find_gpu(text.substr(0, star));
    if (!gpu) {
        return tl::unexpected(gpu.error());
    }
    out.gpu = *std::move(gpu);
    return {};
}

} // namespace

std::span<const SimulatedOption> simulated_options() { return table; }

Result<SimulatedSpec> parse_simulated(std::string_view text, std::uint64_t seed) {
    const std::size_t question = std::min(text.find('?'), text.size());
    SimulatedSpec out;
    if (const auto gpu = read_gpu(text.substr(0, question), out); !gpu) {
        return fail_in("sim", gpu.error());
    }
    out.options = printable(text.substr(question));
    const auto given = read_options(text.substr(std::min(question + 1, text.size())));
    if (!given) {
        return fail_in("sim", given.error());
    }

    out.power = physics::power_model_of(out.gpu);
    if (const auto limit = (*given)[cap]) {
        if (Watts{*limit} <= out.power.idle || Watts{*limit} > out.gpu.tdp) {
            return fail(Kind::invalid_argument,
                        fmt::format("option cap takes a power above {:g} W (idle) and up to {:g} W "
                                    "(TDP) on {}, not {:g} W",
                                    out.power.idle.value(),
                                    out.gpu.tdp.value(),
                                    out.gpu.name,
                                    *limit),
                        "sim");
        }
        out.power.cap = Watts{*limit};
    }
    out.load_name = load_name_in(*given);
    out.load = load_for(*given, out.power);
    out.sensor = sensor_for(*given, out.gpu);
    out.thermal = physics::thermal_parameters_for(out.gpu.tdp);
    out.thermal.ambient = Celsius{(*given)[ambient].value_or(30.0)};
    out.latency = time_or((*given)[latency], 0.0);
    const auto own_seed = (*given)[random_seed];
    out.seed = own_seed ? static_cast<std::uint64_t>(*own_seed) : seed;
    return out;
}

} // namespace joulemark::device
