// What the machine says about itself that explains which sensors it has. Pure reading of small
// files.
#pragma once

#include <optional>
#include <string>

namespace joulemark::device {

struct Machine {
    std::optional<std::string> cpu_model; // "AMD EPYC 9654 96-Core Processor"
    bool virtual_machine = false;
    bool container = false;
};

// Looks at /proc/cpuinfo and the marks that container engines leave, beside the folder that
// `sysfs_root` is in.
[[nodiscard]] Machine look_at_machine(const std::string& sysfs_root);

} // namespace joulemark::device
