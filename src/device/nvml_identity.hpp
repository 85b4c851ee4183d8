// Who an NVIDIA GPU is: everything about it that does not change while it is measured. Questions to
// the driver; what it does not answer stays absent.
#pragma once

#include "core/device_info.hpp"
#include "core/result.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_library.hpp"
#include "physics/architecture.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace joulemark::device::nvml {

struct Identity {
    DeviceInfo info; // without sensors, see nvml_sensors.hpp
    physics::Architecture architecture = physics::Architecture::unknown;
};

// `index` is NVML's, for the name "nvml:0".
[[nodiscard]] Identity identify(const Library& library, Handle handle, std::uint32_t index);

// Alone, because they tell handles apart. Both are as NVML prints them, made printable; the PCI id
// as sysfs prints it.
[[nodiscard]] std::optional<std::string> uuid_of(const Library& library, Handle handle);
[[nodiscard]] std::optional<std::string> pci_bus_id_of(const Library& library, Handle handle);

// UUIDs of the MIG instances on a GPU; empty without MIG.
[[nodiscard]] std::vector<std::string> mig_uuids_of(const Library& library, Handle gpu);

// The GPU that holds a MIG instance; the handle itself when it is of no instance. The refusal when
// neither is clear.
[[nodiscard]] Result<Handle> whole_gpu_of(const Library& library, Handle handle);

} // namespace joulemark::device::nvml
