// What follows "sim:" in a device name: a GPU of the catalogue, how many, and options, as in
// "h200*8?load=square&period=500ms&high=600&low=150". docs/reference/simulated-devices.md lists the
// options. Pure functions.
#pragma once

#include "core/result.hpp"
#include "physics/curve.hpp"
#include "physics/gpu_catalog.hpp"
#include "physics/sensor.hpp"
#include "physics/thermal.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace joulemark::device {

struct SimulatedSpec {
    std::string gpu_name; // as the user wrote it
    std::size_t count = 1;
    std::string options; // from the '?' on, as the user wrote them; may be empty
    physics::GpuSpec gpu;
    std::string load_name;
    physics::LoadCurve load; // played while the workload is active
    physics::PowerModel power;
    physics::SensorParameters sensor;
    physics::ThermalParameters thermal;
    std::uint64_t seed = 1;
    Nanoseconds latency{0}; // of each reading

    static constexpr std::size_t max_count = 64;
};

enum class OptionForm { load, on_off, watts, time, number, whole_number };

struct SimulatedOption {
    std::string_view key;
    OptionForm form;
    double least; // in SI units
    double most;
    std::string_view by_default;
    std::string_view help;
};

[[nodiscard]] std::span<const SimulatedOption> simulated_options();

// `seed` holds unless the options name one. Unknown keys and values out of range are refused with
// what is possible.
[[nodiscard]] Result<SimulatedSpec> parse_simulated(std::string_view text, std::uint64_t seed);

} // namespace joulemark::device
