// NVIDIA GPUs through NVML, for the registry: what is there, and opening it by name.
// Devices keep the NVML library open for as long as they live. Safe from any thread.
#pragma once

#include "core/inventory.hpp"
#include "core/result.hpp"
#include "device/device.hpp"
#include "device/registry.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace joulemark::device {

struct NvmlSurvey {
    std::vector<Listing>
        devices; // in NVML's order; a GPU that cannot be measured is listed with its problem
    BackendReport report;
};

// Looks at every NVIDIA GPU. Never fails: what is wrong is in the report.
[[nodiscard]] NvmlSurvey survey_nvml(const Surroundings& where);

// `selector` is what stands behind "nvml:" on the command line:
//   "all" or nothing         every measurable GPU that CUDA_VISIBLE_DEVICES shows, in its order;
//   what is left out is
//                            named in the notes of the others
//   "0", "1" ...             NVML's index among all GPUs of the machine
//   "GPU-..."                a UUID or the unique beginning of one
//   "MIG-..."                the whole GPU that holds this instance: NVML has no power reading for
//   instances "0000:65:00.0", "65:00.0"  a PCI bus id
// Kind::not_found offers what is there; Kind::unavailable when there is no driver or nothing to
// open.
[[nodiscard]] Result<std::vector<std::unique_ptr<Device>>> open_nvml(std::string_view selector,
                                                                     const Surroundings& where);

} // namespace joulemark::device
