// Which processes compute on a GPU. NVML changed the size of the list's elements twice without
// saying so in the call; this file knows which symbol of which driver fills which.
#pragma once

#include "core/units.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_library.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace joulemark::device::nvml {

struct GpuProcess {
    std::uint32_t pid = 0; // in the driver's PID namespace; a container may see another number
    std::optional<Bytes> memory;
};

// Absent where the driver does not say. In the order of the driver.
[[nodiscard]] std::optional<std::vector<GpuProcess>> processes_on(const Library& library,
                                                                  Handle handle);

// How many there are beside this process.
[[nodiscard]] std::optional<std::size_t> other_processes(const Library& library, Handle handle);

} // namespace joulemark::device::nvml
