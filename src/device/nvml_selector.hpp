// Which GPU is meant by what stands behind "nvml:" on the command line, see nvml_backend.hpp.
#pragma once

#include "core/result.hpp"
#include "device/nvml_gpus.hpp"
#include "device/nvml_library.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace joulemark::device::nvml {

struct SelectedGpu {
    FoundGpu found;
    std::optional<std::string> note; // what the user should know about the choice
};

// One GPU by index, UUID, MIG UUID or PCI address.
[[nodiscard]] Result<SelectedGpu> select_gpu(const Library& library, std::string_view selector);

} // namespace joulemark::device::nvml
