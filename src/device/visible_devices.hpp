// CUDA_VISIBLE_DEVICES: which GPUs a CUDA program would see, so that joulemark measures those. Pure
// functions.
//
// The rules are CUDA's. The first entry decides the form of the list: numbers, "GPU-..." (a UUID or
// the unique beginning of one) or "MIG-...". The list ends at the first entry that is not of that
// form or names nothing that is there, so "0,-1,1" shows one GPU and "" shows none. An entry that
// repeats an earlier one hides everything. Numbers count in PCI bus order, as
// CUDA_DEVICE_ORDER=PCI_BUS_ID does; CUDA's own default is the fastest GPU first.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::device {

struct GpuIdentity {
    std::string uuid;       // "GPU-..."
    std::string pci_bus_id; // as NVML or sysfs print it; may be empty
    std::string product;
    std::vector<std::string> mig_uuids; // "MIG-..." of the instances on it
};

struct VisibleGpus {
    std::vector<std::size_t> order; // positions in the list of GPUs, in the order of the variable
    std::vector<std::string> notes; // what the user should know about the choice
};

// Without the variable every GPU is visible, in the order given.
[[nodiscard]] VisibleGpus visible_gpus(const std::optional<std::string>& variable,
                                       std::span<const GpuIdentity> gpus);

// The position of the only GPU whose UUID begins with `prefix`; nothing when there is none or more
// than one.
[[nodiscard]] std::optional<std::size_t> gpu_with_uuid_prefix(std::string_view prefix,
                                                              std::span<const GpuIdentity> gpus);

} // namespace joulemark::device
