// Which of several devices are the same, or meter the same hardware.
#include "core/device_info.hpp"
#include "device/registry.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace joulemark::device {

namespace {

bool is_same_device(const DeviceInfo& a, const DeviceInfo& b) {
    return a.name == b.name || (a.uuid && a.uuid == b.uuid && a.backend == b.backend);
}

bool is_hardware(const DeviceInfo& device) {
    return device.backend == "nvml" || device.backend == "hwmon" || device.backend == "powercap";
}

// "1" of "powercap:dram-1" and "powercap:package-1"; empty where the name carries no number.
std::string_view package_number(const DeviceInfo& device) {
    const std::string_view name = device.name;
    const std::size_t dash = name.find('-');
    return dash == std::string_view::npos ? std::string_view() : name.substr(dash + 1);
}

bool is_inside_package(const DeviceInfo& part) {
    return part.backend == "powercap" &&
           (part.name.starts_with("powercap:core") || part.name.starts_with("powercap:uncore"));
}

// Is `part` some of the hardware that `whole` measures?
bool contains(const DeviceInfo& whole, const DeviceInfo& part) {
    if (whole.boundary == Boundary::system) {
        return part.boundary != Boundary::system;
    }
    if (whole.boundary == Boundary::module) {
        // The module of one socket against a meter of another cannot be told apart, so doubt wins.
        return part.boundary == Boundary::gpu_board || part.boundary == Boundary::cpu_package ||
               part.boundary == Boundary::cpu_core;
    }
    if (whole.boundary == Boundary::gpu_board) {
        return part.boundary == Boundary::unknown && whole.pci_bus_id &&
               whole.pci_bus_id == part.pci_bus_id;
    }
    if (whole.boundary == Boundary::cpu_package) {
        if (is_inside_package(part) && whole.backend == "powercap") {
            return package_number(part).empty() || package_number(part) == package_number(whole);
        }
        return part.boundary == Boundary::cpu_core;
    }
    return false;
}

// RAPL and a hwmon chip both count the same CPU sockets.
bool measures_same_cpu(const DeviceInfo& a, const DeviceInfo& b) {
    return a.boundary == Boundary::cpu_package && b.boundary == Boundary::cpu_package &&
           a.backend != b.backend;
}

} // namespace

std::optional<std::string> find_duplicate(std::span<const DeviceInfo> devices) {
    for (std::size_t i = 0; i < devices.size(); ++i) {
        for (std::size_t j = i + 1; j < devices.size(); ++j) {
            if (!is_same_device(devices[i], devices[j])) {
                continue;
            }
            if (devices[i].name == devices[j].name) {
                return fmt::format("{} is named twice", devices[i].name);
            }
            return fmt::format("{} and {} are the same device", devices[i].name, devices[j].name);
        }
    }
    return std::nullopt;
}

std::vector<std::string> find_overlaps(std::span<const DeviceInfo> devices) {
    std::vector<std::string> sentences;
    for (std::size_t i = 0; i < devices.size(); ++i) {
        for (std::size_t j = i + 1; j < devices.size(); ++j) {
            const DeviceInfo& a = devices[i];
            const DeviceInfo& b = devices[j];
            if (!is_hardware(a) || !is_hardware(b)) {
                continue;
            }
            if (contains(a, b)) {
                sentences.push_back(fmt::format("{} is part of what {} measures", b.name, a.name));
            } else if (contains(b, a)) {
                sentences.push_back(fmt::format("{} is part of what {} measures", a.name, b.name));
            } else if (measures_same_cpu(a, b)) {
                sentences.push_back(fmt::format("{} and {} both measure the CPU", a.name, b.name));
            }
        }
    }
    return sentences;
}

} // namespace joulemark::device
