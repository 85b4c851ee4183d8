// Finds every hwmon sensor of power or energy below a sysfs root and says what it measures. A chip
// is known by the content of its `name` file, never by the number of its folder, which changes from
// boot to boot.
//
// Names: `hwmon:CHIP`, with several chips of one name `hwmon:CHIP.1`, `hwmon:CHIP.2` ... in the
// order of their device paths (PCI addresses), with several sensors in one chip
// `hwmon:CHIP/power2`. Pure reading; values only.
#pragma once

#include "core/device_info.hpp"
#include "core/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::device {

// Paths of the attributes that are there; empty where one is not.
struct HwmonFiles {
    std::string power;         // instantaneous, or the only power there is
    std::string average_power; // beside an instantaneous one
    std::string energy;
    std::string temperature;
    std::string memory_temperature;
    std::string core_clock;
    std::string memory_clock;
    std::string power_limit;
    std::string utilisation;        // percent
    std::string memory_utilisation; // percent
    std::string memory_used;        // bytes
};

struct HwmonMeter {
    std::string chip; // content of `name`, printable
    std::string
        identity; // device path, chip and channel: what stays when folders are numbered anew
    bool is_gpu = false;
    bool is_tile = false; // a part of a GPU that another meter covers as a whole
    // The driver widens a 32-bit register only when the file is read.
    bool narrow_register = false;
    HwmonFiles files;
    DeviceInfo info;
    std::optional<Error> problem; // why it cannot be measured
};

struct HwmonSurvey {
    bool class_exists = false;
    std::vector<std::string> other_chips; // chips without power or energy
    std::vector<HwmonMeter> meters;
};

[[nodiscard]] HwmonSurvey find_hwmon_meters(const std::string& sysfs_root);

// Does `selector` (what follows "hwmon:") mean this meter? It is its name, the beginning of its
// name up to a '.' or
// '/', or its PCI address.
[[nodiscard]] bool is_meant(const HwmonMeter& meter, std::string_view selector);

} // namespace joulemark::device
