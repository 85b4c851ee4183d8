// The GPUs that NVML counts on this machine, opened or not. Questions to the driver.
#pragma once

#include "core/result.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_identity.hpp"
#include "device/nvml_library.hpp"
#include "device/visible_devices.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace joulemark::device::nvml {

// One of the GPUs that NVML counts; without a handle when it does not let itself be opened.
struct FoundGpu {
    std::uint32_t index = 0;
    Handle handle = nullptr;
    Identity identity;
    std::optional<Error> problem;
};

[[nodiscard]] Result<std::uint32_t> count_gpus(const Library& library);

// Initialises that GPU and no other.
[[nodiscard]] FoundGpu look_at(const Library& library, std::uint32_t index);

[[nodiscard]] std::vector<FoundGpu> look_at_all(const Library& library, std::uint32_t count);

// Identities of the GPUs that can be opened, with their positions in `gpus`.
struct Candidates {
    std::vector<GpuIdentity> identities;
    std::vector<std::size_t> positions;
};

[[nodiscard]] Candidates candidates_of(const Library& library, std::span<const FoundGpu> gpus);

} // namespace joulemark::device::nvml
