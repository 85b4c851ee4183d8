// A device: anything that can say "watts now". One back-end per file (`nvml`, `hwmon`, `powercap`,
// `simulated`, `replay`); nothing outside this room knows which it is. A Device belongs to one
// sampling thread at a time; different devices may be read from different threads at once.
#pragma once

#include "core/device_info.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace joulemark::device {

// One fast reading. `time` is the mid-point of the call, `latency` its length: the value is of some
// moment inside. What the device does not offer is nullopt, and stays so; what failed this once is
// nullopt too.
struct FastReading {
    Instant time;
    Nanoseconds latency{0};
    std::optional<Watts> power;
    std::optional<Joules> energy_counter;
    std::optional<Watts> average_power;
};

struct SlowReading {
    Instant time;
    std::optional<Celsius> temperature;
    std::optional<Celsius> memory_temperature;
    std::optional<double> utilisation;        // 0..1
    std::optional<double> memory_utilisation; // 0..1
    std::optional<Bytes> memory_used;
    std::optional<Hertz> sm_clock;
    std::optional<Hertz> memory_clock;
    std::optional<Watts> power_limit;
    std::optional<std::uint32_t> throttle_reasons; // bits of core/throttle.hpp
};

// A power sample that the driver took by itself, at its own moment.
struct DriverSample {
    Instant time;
    Watts power;
};

class Device {
public:
    virtual ~Device() = default;

    [[nodiscard]] virtual const DeviceInfo& info() const = 0;

    // Kind::unavailable: this reading failed, try the next one. Kind::not_found: the device is gone
    // (call `reopen` from time to time). Other kinds: the device cannot be read at all.
    [[nodiscard]] virtual Result<FastReading> read_fast() = 0;
    [[nodiscard]] virtual Result<SlowReading> read_slow() = 0;

    // After the device was lost: finds it again, or says why not.
    [[nodiscard]] virtual Result<void> reopen() = 0;

    // Power samples of the driver's own ring since the last call; empty where there is no such
    // ring.
    [[nodiscard]] virtual Result<std::vector<DriverSample>> driver_samples() {
        return std::vector<DriverSample>{};
    }

    // Work begins or ends. A simulated device plays its load in between; hardware needs no telling.
    virtual void note_workload(bool /*active*/) {}
};

} // namespace joulemark::device
