// Update period, averaging window, delay and counter tick of NVIDIA power sensors, as published for
// the architecture. Not measured on the card at hand: `origin` says estimated where a study
// measured the architecture, assumed elsewhere. Source: Yang, Adamek, Armour, "Part-time power
// measurements", SC'24, arXiv 2312.02741, and its result workbook.
#pragma once

#include "core/device_info.hpp"
#include "physics/architecture.hpp"

#include <optional>

namespace joulemark::physics {

struct DocumentedSensors {
    SensorProfile instant;                // NVML field 186, nvidia-smi power.draw.instant
    std::optional<SensorProfile> average; // NVML field 185, nvidia-smi power.draw.average
    SensorProfile
        power_draw; // nvmlDeviceGetPowerUsage, nvidia-smi power.draw, on drivers after 530
    std::optional<CounterProfile> counter; // NVML field 83
};

// For an unknown architecture the periods and windows are absent.
[[nodiscard]] DocumentedSensors documented_sensors(Architecture architecture);

} // namespace joulemark::physics
