// Energy of CPU packages and their memory from the RAPL registers, through Linux powercap. The
// register of a zone wraps after `max_energy_range_uj`; the device reports a count that does not,
// as long as it is read every 30 s or more often. Since CVE-2020-8694 (2020) the kernel lets root
// alone read the counters: docs/howto/hwmon-and-rapl.md.
//
// Names are those of the zones: `powercap:package-0`, `powercap:dram`, `powercap:psys`; on machines
// with several packages the zones inside them carry the package's number: `powercap:dram-1`.
#pragma once

#include "device/registry.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::device {

struct PowercapZone {
    std::string folder;
    std::string zone_name; // content of `name`, printable
    std::optional<Joules> range;
    std::string power_limit_file; // empty where there is none
    DeviceInfo info;
    std::optional<Error> problem; // why it cannot be measured
};

struct PowercapSurvey {
    bool class_exists = false;
    bool masked = false; // zones are listed, and their folders are empty: a container hides them
    std::vector<PowercapZone> zones;
};

[[nodiscard]] PowercapSurvey find_powercap_zones(const std::string& sysfs_root);

[[nodiscard]] Result<std::unique_ptr<Device>> open_powercap_zone(const PowercapZone& zone,
                                                                 const std::string& sysfs_root,
                                                                 Clock& clock);

// Every zone that `selector` (what follows "powercap:") means: its name, or its beginning up to a
// '-'.
[[nodiscard]] Result<std::vector<std::unique_ptr<Device>>> open_powercap(std::string_view selector,
                                                                         const Surroundings& where);

// Appends what is there to `inventory`.
void survey_powercap(const Surroundings& where, Inventory& inventory);

} // namespace joulemark::device
