// What is known about a power source and its sensors, as recorded with every run. Plain values;
// unknown is nullopt.
#pragma once

#include "core/estimate.hpp"
#include "core/units.hpp"

#include <optional>
#include <string>
#include <vector>

namespace joulemark {

// How a power reading relates to the true power: reading(t) = gain * mean(P over [e -
// averaging_window, e]) + offset, with e = the latest register refresh before t, minus `delay`. See
// docs/explanation/sensors.md.
struct SensorProfile {
    std::string field;                       // "NVML field 186 (instant power)"
    std::optional<Seconds> update_period;    // refresh of the register
    std::optional<Seconds> averaging_window; // boxcar length
    std::optional<Seconds> delay;            // age of the newest power inside a fresh reading
    double gain_uncertainty =
        0.05; // relative, half width at 95 %; common to all runs on the device
    Source origin = Source::assumed; // where update period, window and delay come from
};

struct CounterProfile {
    std::string field;           // "NVML field 83 (total energy)"
    std::optional<Seconds> tick; // spacing of its changes
    double gain_uncertainty = 0.05;
    Source origin = Source::assumed;
};

// What a power reading covers. Only `gpu_board`, `cpu_package` and `dram` of different hardware may
// be added up.
enum class Boundary { gpu_board, module, cpu_package, cpu_core, dram, system, unknown };

[[nodiscard]] std::string_view to_string(Boundary boundary);

struct DeviceInfo {
    std::string name;    // as given on the command line: "nvml:0", "sim:h200"
    std::string backend; // "nvml", "hwmon", "powercap", "sim", "replay", "import"
    std::string product; // "NVIDIA H200"
    std::optional<std::string> uuid;
    std::optional<std::string> serial;
    std::optional<std::string> pci_bus_id;
    std::optional<std::string> vbios;
    std::optional<std::string> driver;
    std::optional<std::string> architecture;
    std::optional<std::string> compute_capability;
    std::optional<Bytes> memory_total;
    std::optional<Watts> power_limit;
    std::optional<Watts> power_limit_default;
    std::optional<Watts> power_limit_min;
    std::optional<Watts> power_limit_max;
    std::optional<Watts>
        idle_power; // from a catalogue or the sensor's documentation, not measured in this run
    std::optional<bool> persistence_mode;
    std::optional<bool> mig_enabled;
    bool virtual_gpu = false;
    bool simulated = false;
    Boundary boundary = Boundary::unknown;
    std::optional<SensorProfile> power_sensor;
    std::optional<SensorProfile> average_sensor;
    std::optional<CounterProfile> counter;
    std::vector<std::string>
        notes; // permissions, missing features: sentences for `devices` and `doctor`
};

} // namespace joulemark
