// Finds and opens devices by the names of the command line: "nvml:0", "nvml:GPU-uuid",
// "hwmon:NAME", "powercap:package-0", "sim:h200", "sim:h200*8", "replay:FILE", "all".
#pragma once

#include "core/clock.hpp"
#include "core/inventory.hpp"
#include "device/device.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::device {

// Where devices are looked for. Defaults are the real machine; tests point them at fixtures.
struct Surroundings {
    std::string nvml_library;        // empty: libnvidia-ml.so.1 by the loader's search
    std::string sysfs_root = "/sys"; // hwmon and powercap below it
    std::optional<std::string> cuda_visible_devices;
    std::uint64_t seed = 1; // of simulated devices
    Clock* clock = nullptr; // required; outlives the devices

    // JOULEMARK_NVML_LIBRARY, JOULEMARK_SYSFS_ROOT, CUDA_VISIBLE_DEVICES.
    [[nodiscard]] static Surroundings from_environment(Clock& clock);
};

using joulemark::BackendReport;
using joulemark::Inventory;
using joulemark::Listing;

// Looks at every real back-end. Never fails: what cannot be looked at is in the reports.
[[nodiscard]] Inventory survey(const Surroundings& where);

// One name may open several devices ("all", "sim:h200*8"). Unknown names offer what is there.
[[nodiscard]] Result<std::vector<std::unique_ptr<Device>>> open(std::string_view name,
                                                                const Surroundings& where);

// The devices measured when none is named: every readable GPU that CUDA_VISIBLE_DEVICES shows, else
// other GPUs (hwmon), else CPU packages and memory (powercap). Kind::unavailable with the way out
// when there is none.
[[nodiscard]] Result<std::vector<std::unique_ptr<Device>>> open_default(const Surroundings& where);

// The first two of these that are one and the same device, as a sentence; nothing when all differ.
// Opening a device twice would count its energy twice.
[[nodiscard]] std::optional<std::string> find_duplicate(std::span<const DeviceInfo> devices);

} // namespace joulemark::device
