// Power and energy from Linux hwmon: amdgpu, Intel i915 and xe, ACPI power meters, and whatever
// other chip has a sensor for them. Needs no privilege on most machines. Where a chip offers an
// energy counter and no power, the device reports the counter alone.
#pragma once

#include "device/hwmon_meters.hpp"
#include "device/registry.hpp"

#include <memory>

namespace joulemark::device {

// Opens one meter; `sysfs_root` is where it is looked for again after it was lost.
[[nodiscard]] Result<std::unique_ptr<Device>> open_hwmon_meter(const HwmonMeter& meter,
                                                               const std::string& sysfs_root,
                                                               Clock& clock);

// Every meter that `selector` (what follows "hwmon:") means.
[[nodiscard]] Result<std::vector<std::unique_ptr<Device>>> open_hwmon(std::string_view selector,
                                                                      const Surroundings& where);

// Appends what is there to `inventory`.
void survey_hwmon(const Surroundings& where, Inventory& inventory);

} // namespace joulemark::device
