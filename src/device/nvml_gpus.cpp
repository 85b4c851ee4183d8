#include "device/nvml_gpus.hpp"

#include "core/device_info.hpp"
#include "core/result.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_identity.hpp"
#include "device/nvml_library.hpp"
#include "device/nvml_status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace joulemark::device::nvml {

namespace {

std::string name_of_index(std::uint32_t index) { return fmt::format("nvml:{}", index); }

} // namespace

Result<std::uint32_t> count_gpus(const Library& library) {
    std::uint32_t count = 0;
    if (const Return code = library.call().device_count(&count); code != Return::success) {
        return tl::unexpected(error_of(code, "The list of NVIDIA GPUs"));
    }
    constexpr std::uint32_t most_gpus = 1024; // guards against a library that answers nonsense
    return std::min(count, most_gpus);
}

FoundGpu look_at(const Library& library, std::uint32_t index) {
    FoundGpu found;
    found.index = index;
    const Return code = library.call().handle_by_index(index, &found.handle);
    if (code == Return::success) {
        found.identity = identify(library, found.handle, index);
        return found;
    }
    found.handle = nullptr;
    found.identity.info.name = name_of_index(index);
    found.identity.info.backend = "nvml";
    found.identity.info.product = "NVIDIA GPU";
    found.identity.info.driver = library.driver_version();
    found.problem = error_of(code, name_of_index(index));
    return found;
}

std::vector<FoundGpu> look_at_all(const Library& library, std::uint32_t count) {
    std::vector<FoundGpu> gpus;
    for (std::uint32_t i = 0; i < count; ++i) {
        gpus.push_back(look_at(library, i));
    }
    return gpus;
}

Candidates candidates_of(const Library& library, std::span<const FoundGpu> gpus) {
    Candidates candidates;
    for (std::size_t i = 0; i < gpus.size(); ++i) {
        if (gpus[i].problem) {
            continue;
        }
        const DeviceInfo& info = gpus[i].identity.info;
        candidates.identities.push_back({.uuid = info.uuid.value_or(""),
                                         .pci_bus_id = info.pci_bus_id.value_or(""),
                                         .product = info.product,
                                         .mig_uuids = mig_uuids_of(library, gpus[i].handle)});
        candidates.positions.push_back(i);
    }
    return candidates;
}

} // namespace joulemark::device::nvml
