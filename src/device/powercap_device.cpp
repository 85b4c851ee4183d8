#include "device/powercap_device.hpp"

#include "core/clock.hpp"
#include "core/device_info.hpp"
#include "core/result.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "core/units.hpp"
#include "device/device.hpp"
#include "device/machine.hpp"
#include "device/registry.hpp"
#include "device/rolling_counter.hpp"
#include "device/sysfs.hpp"

#include <fmt/format.h>
#include <tl/expected.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace joulemark::device {

namespace {

constexpr std::string_view prefix = "powercap:";

// Documented for AMD Family 17h/19h; Intel is taken to be alike.
constexpr Seconds register_period = 1_ms;

Boundary boundary_of(std::string_view zone) {
    if (zone.starts_with("package")) {
        return Boundary::cpu_package;
    }
    if (zone == "dram") {
        return Boundary::dram;
    }
    if (zone == "core" || zone == "uncore") { // both inside their package
        return Boundary::cpu_core;
    }
    if (zone == "psys") {
        return Boundary::system;
    }
    return Boundary::unknown;
}

// Which hardware the zone covers, for those who would add zones up.
std::string_view note_on(std::string_view zone) {
    if (zone == "core") {
        return "The cores are part of their package: do not add the two.";
    }
    if (zone == "uncore") {
        return "The uncore (integrated graphics) is part of its package: do not add the two.";
    }
    if (zone == "psys") {
        return "psys covers the whole platform, the packages included: do not add them.";
    }
    return "";
}

// The zone of the package that "intel-rapl:1:0" is in: "intel-rapl:1". Empty for a package itself.
std::string parent_entry(const std::string& entry) {
    const std::size_t first = entry.find(':');
    const std::size_t last = entry.rfind(':');
    return last > first ? entry.substr(0, last) : std::string();
}

// "package-1" in "dram" gives "dram-1", so that the zones of several packages have different names.
std::string name_inside(const std::string& zone, std::string_view package) {
    constexpr std::string_view stem = "package-";
    return package.starts_with(stem) ? fmt::format("{}-{}", zone, package.substr(stem.size()))
                                     : zone;
}

// The file of the long-term limit, which is what the package may draw for ever.
std::string long_term_limit(const std::string& folder) {
    for (int k = 0; k < 4; ++k) {
        const std::string constraint = fmt::format("{}/constraint_{}_", folder, k);
        if (text_at(constraint + "name") == "long_term") {
            return constraint + "power_limit_uw";
        }
    }
    return "";
}

std::optional<Watts> watts_at(const std::string& path) {
    const auto uw = path.empty() ? std::nullopt : number_at(path);
    if (!uw || *uw <= 0) {
        return std::nullopt;
    }
    return Watts{*uw * 1e-6};
}

Error explain(const std::string& folder, const Error& error) {
    if (error.kind != Kind::permission) {
        return error;
    }
    return {
        Kind::permission,
        fmt::format(
            "{}/energy_uj may be read by root only, because it can betray secrets of other users "
            "(CVE-2020-8694). Until the next boot: sudo chmod o+r {}/energy_uj; for good: the udev "
            "rule "
            "in docs/howto/hwmon-and-rapl.md",
            printable(folder),
            printable(folder)),
        ""};
}

void describe(PowercapZone& zone, const Machine& machine) {
    DeviceInfo& info = zone.info;
    info.backend = "powercap";
    info.product = machine.cpu_model.value_or("CPU") + ", " + zone.zone_name;
    info.driver = "intel_rapl";
    info.boundary = boundary_of(zone.zone_name);
    info.counter = CounterProfile{};
    info.counter->field = fmt::format("RAPL {} energy_uj", zone.zone_name);
    info.counter->tick = register_period;
    info.power_limit = watts_at(zone.power_limit_file);
    if (const std::string_view note = note_on(zone.zone_name); !note.empty()) {
        info.notes.emplace_back(note);
    }
    if (!zone.range) {
        info.notes.emplace_back(
            "The kernel does not say where the counter wraps: a wrap will show as a reset.");
    }
}

// A zone whose files can be looked at; nothing where the folder is empty.
std::optional<PowercapZone> look_at(const std::string& folder, const Machine& machine) {
    const auto name = text_at(folder + "/name");
    if (!name) {
        return std::nullopt;
    }
    PowercapZone zone;
    zone.folder = folder;
    zone.zone_name = *name;
    const auto range_uj = number_at(folder + "/max_energy_range_uj");
    if (range_uj && *range_uj > 0) {
        zone.range = Joules{*range_uj * 1e-6};
    }
    zone.power_limit_file = long_term_limit(folder);
    if (const auto energy = read_number(folder + "/energy_uj"); !energy) {
        zone.problem = explain(folder, energy.error());
    }
    describe(zone, machine);
    return zone;
}

class PowercapDevice final : public Device {
public:
    PowercapDevice(PowercapZone zone, std::string sysfs_root, Clock& clock, SysfsFile energy)
        : zone_(std::move(zone)), sysfs_root_(std::move(sysfs_root)), clock_(clock),
          energy_(std::move(energy)),
          counter_(zone_.range ? RollingLimits::wrapping_at(*zone_.range) : RollingLimits{}) {}

    [[nodiscard]] const DeviceInfo& info() const override { return zone_.info; }
    [[nodiscard]] Result<FastReading> read_fast() override;
    [[nodiscard]] Result<SlowReading> read_slow() override;
    [[nodiscard]] Result<void> reopen() override;

private:
    PowercapZone zone_;
    std::string sysfs_root_;
    Clock& clock_;
    SysfsFile energy_;
    RollingCounter counter_;
};

Result<FastReading> PowercapDevice::read_fast() {
    const Instant before = clock_.now();
    const auto energy_uj = energy_.read_number();
    const Instant after = clock_.now();
    if (!energy_uj) {
        Error error = explain(zone_.folder, energy_uj.error());
        if (error.kind == Kind::parse || error.kind == Kind::io) {
            error.kind = Kind::unavailable;
        }
        return fail_in(zone_.info.name, error);
    }
    const Joules raw{static_cast<double>(*energy_uj) * 1e-6};
    if (raw < 0_J || (zone_.range && raw > *zone_.range)) {
        return fail(Kind::unavailable,
                    fmt::format("energy_uj holds {}, outside the range of the counter", *energy_uj),
                    zone_.info.name);
    }
    FastReading reading;
    reading.time = before + (after - before) / 2;
    reading.latency = after - before;
    reading.energy_counter = counter_.follow(raw, reading.time);
    return reading;
}

Result<SlowReading> PowercapDevice::read_slow() {
    SlowReading reading;
    reading.time = clock_.now();
    reading.power_limit = watts_at(zone_.power_limit_file);
    return reading;
}

Result<void> PowercapDevice::reopen() {
    for (PowercapZone& found : find_powercap_zones(sysfs_root_).zones) {
        if (found.info.name != zone_.info.name) {
            continue;
        }
        auto energy = SysfsFile::open(found.folder + "/energy_uj");
        if (!energy) {
            return fail_in(zone_.info.name, explain(found.folder, energy.error()));
        }
        energy_ = std::move(*energy);
        zone_.folder = std::move(found.folder);
        zone_.power_limit_file = std::move(found.power_limit_file);
        counter_.start_over();
        return {};
    }
    return fail(Kind::not_found, "the kernel no longer shows this RAPL zone", zone_.info.name);
}

bool is_meant(const PowercapZone& zone, std::string_view selector) {
    const std::string_view name = std::string_view(zone.info.name).substr(prefix.size());
    return !selector.empty() && name.starts_with(selector) &&
           (name.size() == selector.size() || name[selector.size()] == '-');
}

// Why no zone is there, and the way out.
void explain_absence(const PowercapSurvey& survey, const Machine& machine, BackendReport& report) {
    if (survey.masked || (machine.container && !survey.class_exists)) {
        report.finding = "this container hides the RAPL energy counters";
        report.mend = "Start it with the host's sysfs beside its own: -v /sys:/host/sys:ro "
                      "-e JOULEMARK_SYSFS_ROOT=/host/sys (docs/howto/hwmon-and-rapl.md).";
    } else if (machine.virtual_machine) {
        report.finding = "no RAPL: this is a virtual machine";
        report.mend =
            "A virtual machine does not see its host's energy counters: measure on the host.";
    } else {
        report.finding = "no RAPL zones";
        report.mend = "On an x86 machine load the driver: sudo modprobe intel_rapl_msr (Intel, and "
                      "AMD since Zen).";
    }
}

BackendReport report_on(const PowercapSurvey& survey,
                        const Machine& machine,
                        const std::string& sysfs_root) {
    BackendReport report;
    report.backend = "powercap";
    std::vector<std::string> names;
    const Error* problem = nullptr;
    for (const PowercapZone& zone : survey.zones) {
        if (zone.problem) {
            problem = &*zone.problem;
        } else {
            names.push_back(zone.info.name);
        }
    }
    report.usable = !names.empty();
    if (report.usable) {
        report.finding = fmt::format("RAPL zones: {}", fmt::join(names, ", "));
    }
    if (problem != nullptr) {
        if (!report.usable) {
            report.finding = "RAPL zones are there, and none can be read";
        }
        report.mend =
            problem->kind == Kind::permission
                ? fmt::format(
                      "Only root may read them since CVE-2020-8694. Until the next boot: sudo "
                      "chmod "
                      "o+r {}/class/powercap/intel-rapl:*/energy_uj; for good: the udev rule in "
                      "docs/howto/hwmon-and-rapl.md.",
                      sysfs_root)
                : problem->message;
    }
    if (survey.zones.empty()) {
        explain_absence(survey, machine, report);
    }
    return report;
}

} // namespace

PowercapSurvey find_powercap_zones(const std::string& sysfs_root) {
    const std::string powercap_class = sysfs_root + "/class/powercap";
    const Machine machine = look_at_machine(sysfs_root);
    PowercapSurvey survey;
    survey.class_exists = exists(powercap_class);
    std::vector<std::string> packages; // entry of each zone's package
    int top_zones = 0;
    for (const std::string& entry : entries_of(powercap_class)) {
        // "intel-rapl-mmio:*" shows the same packages once more.
        if (!entry.starts_with("intel-rapl:")) {
            continue;
        }
        auto zone = look_at(path_in(powercap_class, entry), machine);
        if (!zone) {
            survey.masked = true;
            continue;
        }
        packages.push_back(parent_entry(entry));
        if (zone->zone_name.starts_with("package")) {
            ++top_zones;
        }
        survey.zones.push_back(std::move(*zone));
    }
    for (std::size_t i = 0; i < survey.zones.size(); ++i) {
        PowercapZone& zone = survey.zones[i];
        std::string name = zone.zone_name;
        if (!packages[i].empty() && top_zones > 1) {
            name = name_inside(
                name, text_at(path_in(powercap_class, packages[i]) + "/name").value_or(""));
        }
        zone.info.name = std::string(prefix) + name;
    }
    return survey;
}

Result<std::unique_ptr<Device>> open_powercap_zone(const PowercapZone& zone,
                                                   const std::string& sysfs_root,
                                                   Clock& clock) {
    if (zone.problem) {
        return fail_in(zone.info.name, *zone.problem);
    }
    auto energy = SysfsFile::open(zone.folder + "/energy_uj");
    if (!energy) {
        return fail_in(zone.info.name, explain(zone.folder, energy.error()));
    }
    return std::make_unique<PowercapDevice>(zone, sysfs_root, clock, std::move(*energy));
}

Result<std::vector<std::unique_ptr<Device>>> open_powercap(std::string_view selector,
                                                           const Surroundings& where) {
    std::vector<std::unique_ptr<Device>> devices;
    for (const PowercapZone& zone : find_powercap_zones(where.sysfs_root).zones) {
        if (!is_meant(zone, selector)) {
            continue;
        }
        auto device = open_powercap_zone(zone, where.sysfs_root, *where.clock);
        if (!device) {
            return tl::unexpected(device.error());
        }
        devices.push_back(std::move(*device));
    }
    if (devices.empty()) {
        return fail(Kind::not_found, "no RAPL zone has this name");
    }
    return devices;
}

void survey_powercap(const Surroundings& where, Inventory& inventory) {
    const PowercapSurvey survey = find_powercap_zones(where.sysfs_root);
    for (const PowercapZone& zone : survey.zones) {
        inventory.devices.push_back({zone.info, zone.problem});
    }
    inventory.backends.push_back(
        report_on(survey, look_at_machine(where.sysfs_root), printable(where.sysfs_root)));
}

} // namespace joulemark::device
