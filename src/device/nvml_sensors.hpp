// What the readings of an NVIDIA GPU mean, for people and for the analysis: boundary, sensor
// profiles and the sentences that go with them. Pure functions.
#pragma once

#include "core/device_info.hpp"
#include "device/nvml_power.hpp"
#include "physics/architecture.hpp"

namespace joulemark::device::nvml {

// Fills in `boundary`, `power_sensor`, `average_sensor` and `counter`, and adds notes on what is
// missing or unusual.
void describe_sensors(const PowerPlan& plan, physics::Architecture architecture, DeviceInfo& info);

} // namespace joulemark::device::nvml
