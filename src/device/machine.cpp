#include "device/machine.hpp"

#include "core/text.hpp"
#include "device/sysfs.hpp"

#include <filesystem>
#include <fstream>
#include <string>

namespace joulemark::device {

namespace {

// cpuinfo repeats itself for every CPU; the first one says all we ask.
constexpr int lines_to_read = 64;

std::string value_of(const std::string& line) {
    return printable(trim(std::string_view(line).substr(line.find(':') + 1)));
}

} // namespace

Machine look_at_machine(const std::string& sysfs_root) {
    const std::filesystem::path root = std::filesystem::path(sysfs_root).parent_path();
    Machine machine;
    std::ifstream cpuinfo(root / "proc/cpuinfo");
    std::string line;
    for (int i = 0; i < lines_to_read && std::getline(cpuinfo, line); ++i) {
        if (line.starts_with("model name") && !machine.cpu_model) {
            machine.cpu_model = value_of(line);
        }
        if (line.starts_with("flags") && line.find(" hypervisor") != std::string::npos) {
            machine.virtual_machine = true;
        }
    }
    for (const char* mark : {".dockerenv", "run/.containerenv", "run/systemd/container"}) {
        machine.container = machine.container || exists((root / mark).string());
    }
    return machine;
}

} // namespace joulemark::device
