#include "device/hwmon_meters.hpp"

#include "core/device_info.hpp"
#include "core/estimate.hpp"
#include "core/result.hpp"
#include "core/text.hpp"
#include "core/units.hpp"
#include "device/sysfs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace joulemark::device {

namespace {

// More sensors than this in one chip are not listed.
constexpr std::size_t max_channels = 32;

// One chip with its folder; `files` lists what is in the folder that holds the sensors.
struct Chip {
    std::string name;
    std::string folder;     // where the sensor files are
    std::string parent;     // the device behind the chip, links resolved
    std::set<int> channels; // N of powerN_* and energyN_*
};

struct Channel {
    int number = 1;
    std::string label;
};

std::string file_of(const Chip& chip, std::string_view kind, int channel, std::string_view suffix) {
    return fmt::format("{}/{}{}_{}", chip.folder, kind, channel, suffix);
}

std::string if_exists(std::string path) { return exists(path) ? std::move(path) : std::string(); }

// N of "powerN_input", "powerN_average", "energyN_input".
std::optional<int> channel_of(std::string_view file) {
    for (const std::string_view kind : {"power", "energy"}) {
        if (!file.starts_with(kind)) {
            continue;
        }
        const std::string_view rest = file.substr(kind.size());
        const std::size_t underscore = rest.find('_');
        if (underscore == std::string_view::npos || underscore == 0 || underscore > 3) {
            continue;
        }
        const std::string_view suffix = rest.substr(underscore + 1);
        if (suffix != "input" && !(suffix == "average" && kind == "power")) {
            continue;
        }
        const auto number = parse_int(rest.substr(0, underscore));
        if (number && *number >= 0) {
            return static_cast<int>(*number);
        }
    }
    return std::nullopt;
}

std::set<int> channels_in(const std::string& folder) {
    std::set<int> found;
    for (const std::string& file : entries_of(folder)) {
        if (const auto channel = channel_of(file)) {
            found.insert(*channel);
        }
    }
    return found;
}

// Older drivers, the ACPI power meter among them, keep their files in the folder of the device.
Chip look_at(const std::string& hwmon) {
    const std::string device = hwmon + "/device";
    Chip chip;
    auto name = text_at(hwmon + "/name");
    if (!name) {
        name = text_at(device + "/name");
    }
    chip.name = name.value_or("");
    chip.parent = resolved(device).value_or(resolved(hwmon).value_or(hwmon));
    chip.folder = hwmon;
    chip.channels = channels_in(hwmon);
    if (chip.channels.empty()) {
        chip.folder = device;
        chip.channels = channels_in(device);
    }
    return chip;
}

bool is_pci_address(std::string_view text) {
    constexpr std::string_view shape = "xxxx:xx:xx.x";
    return text.size() == shape.size() &&
           std::ranges::equal(text, shape, [](char c, char expected) {
               return expected == 'x'
                          ? std::string_view("0123456789abcdef").find(c) != std::string_view::npos
                          : c == expected;
           });
}

std::optional<std::string> pci_address(const Chip& chip) {
    const std::string_view leaf = std::string_view(chip.parent).substr(chip.parent.rfind('/') + 1);
    if (!is_pci_address(leaf)) {
        return std::nullopt;
    }
    return std::string(leaf);
}

std::string label_of(const Chip& chip, int channel) {
    for (const std::string& path : {file_of(chip, "power", channel, "label"),
                                    file_of(chip, "energy", channel, "label"),
                                    file_of(chip, "power", channel, "oem_info")}) {
        if (auto label = text_at(path)) {
            return *label;
        }
    }
    return "";
}

bool is_tile_of_i915(std::string_view chip) { return chip.starts_with("i915_gt"); }

// amdgpu shows the second channel of some APUs as another filter over the same power; i915 has one
// channel; xe counts the card and the package inside it, of which either may be absent or stay at
// 0; AMD's CPU drivers count each core beside the sockets that contain them.
std::vector<Channel> channels_to_measure(const Chip& chip) {
    std::vector<Channel> all;
    all.reserve(chip.channels.size());
    for (const int number : chip.channels) {
        all.push_back({number, label_of(chip, number)});
    }
    if (chip.name == "amd_energy" || chip.name == "zenergy") {
        std::erase_if(all, [](const Channel& c) { return c.label.starts_with("Ecore"); });
    }
    if (chip.name == "xe") {
        const auto counts = [&](const Channel& c) {
            return number_at(file_of(chip, "energy", c.number, "input")).value_or(0.0) > 0.0;
        };
        const auto first = std::ranges::find_if(all, counts);
        if (first != all.end()) {
            std::rotate(all.begin(), first, first + 1);
        }
    }
    const bool one_meter =
        chip.name == "amdgpu" || chip.name == "xe" || chip.name.starts_with("i915");
    if (all.size() > 1 && one_meter) {
        all.resize(1);
    }
    if (all.size() > max_channels) {
        all.resize(max_channels);
    }
    return all;
}

// temp1 edge, temp2 junction, temp3 memory on amdgpu; temp2 package, temp3 memory on xe: known by
// label, so that a driver that renumbers them is still read rightly.
std::string temperature_file(const Chip& chip, std::initializer_list<std::string_view> labels) {
    for (const std::string_view wanted : labels) {
        for (int n = 1; n <= 8; ++n) {
            if (text_at(file_of(chip, "temp", n, "label")) == wanted) {
                return if_exists(file_of(chip, "temp", n, "input"));
            }
        }
    }
    return "";
}

std::string limit_file(const Chip& chip, int channel) {
    for (const std::string_view suffix : {"cap", "max"}) {
        std::string path = file_of(chip, "power", channel, suffix);
        // i915 and xe say 0 where the limit is off.
        if (number_at(path).value_or(0.0) > 0.0) {
            return path;
        }
    }
    return "";
}

HwmonFiles find_files(const Chip& chip, int channel) {
    HwmonFiles files;
    files.power = if_exists(file_of(chip, "power", channel, "input"));
    files.average_power = if_exists(file_of(chip, "power", channel, "average"));
    if (files.power.empty()) {
        std::swap(files.power, files.average_power);
    }
    files.energy = if_exists(file_of(chip, "energy", channel, "input"));
    files.power_limit = limit_file(chip, channel);
    files.temperature = temperature_file(chip, {"edge", "pkg", "package", "junction"});
    files.memory_temperature = temperature_file(chip, {"mem", "vram"});
    if (chip.name == "amdgpu") {
        files.core_clock = if_exists(chip.folder + "/freq1_input");
        files.memory_clock = if_exists(chip.folder + "/freq2_input");
        files.utilisation = if_exists(chip.parent + "/gpu_busy_percent");
        files.memory_utilisation = if_exists(chip.parent + "/mem_busy_percent");
        files.memory_used = if_exists(chip.parent + "/mem_info_vram_used");
    }
    return files;
}

// An APU is one package with CPU and GPU, and its power is that of both. The voltage of the north
// bridge is shown for APUs only (amdgpu_pm.c); MI300A hides it and is known by its PCI device id.
bool is_apu(const Chip& chip) {
    return text_at(chip.folder + "/in1_label") == "vddnb" ||
           text_at(chip.parent + "/device") == "0x74a0";
}

Boundary boundary_of_acpi(std::string_view label) {
    const std::string lower = to_lower(label);
    if (lower.starts_with("module")) {
        return Boundary::module;
    }
    if (lower.starts_with("grace") || lower.starts_with("total power socket")) {
        return Boundary::cpu_package;
    }
    if (lower.starts_with("cpu")) {
        return Boundary::cpu_core;
    }
    if (lower.starts_with("sysio")) {
        return Boundary::unknown;
    }
    return Boundary::system;
}

Boundary boundary_of(const Chip& chip, const Channel& channel) {
    if (chip.name == "amdgpu") {
        return is_apu(chip) ? Boundary::module : Boundary::gpu_board;
    }
    if (chip.name == "i915" || chip.name == "xe" || chip.name == "nouveau") {
        return Boundary::gpu_board;
    }
    if (chip.name == "power_meter") {
        return boundary_of_acpi(channel.label);
    }
    if (channel.label.starts_with("Esocket")) {
        return Boundary::cpu_package;
    }
    if (chip.name == "fam15h_power") {
        return Boundary::cpu_package;
    }
    return Boundary::unknown;
}

// The PCI ids as the kernel shows them, "0x1002", without the prefix.
std::string pci_ids(const Chip& chip) {
    const auto id = [&](const char* file) {
        const std::string text = text_at(chip.parent + file).value_or("");
        return text.starts_with("0x") ? text.substr(2) : text;
    };
    const std::string vendor = id("/vendor");
    return vendor.empty() ? "" : fmt::format("PCI {}:{}", vendor, id("/device"));
}

std::string product_of(const Chip& chip, const Channel& channel) {
    if (const auto name = text_at(chip.parent + "/product_name")) {
        return *name;
    }
    std::string product = chip.name;
    if (chip.name == "amdgpu") {
        product = is_apu(chip) ? "AMD APU" : "AMD GPU";
    }
    if (chip.name == "xe" || chip.name.starts_with("i915")) {
        product = "Intel GPU";
    }
    if (chip.name == "nouveau") {
        product = "NVIDIA GPU (nouveau driver)";
    }
    if (chip.name == "power_meter") {
        product = "ACPI power meter";
    }
    if (!channel.label.empty()) {
        product += ", " + channel.label;
    }
    const std::string ids = pci_ids(chip);
    return ids.empty() ? product : fmt::format("{} ({})", product, ids);
}

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

SensorProfile sensor_profile(const Chip& chip, const std::string& path, int channel) {
    SensorProfile profile;
    const std::string name = file_name(path);
    profile.field = fmt::format("hwmon {} {}", chip.name, name);
    profile.origin = Source::assumed;
    if (name.ends_with("_average")) {
        // The ACPI meter and a few others say over how many milliseconds they average.
        const auto interval_ms = number_at(file_of(chip, "power", channel, "average_interval"));
        if (interval_ms && *interval_ms > 0) {
            profile.averaging_window = Seconds{*interval_ms * 1e-3};
        }
    }
    return profile;
}

std::optional<Watts> watts_at(const std::string& path) {
    const auto uw = path.empty() ? std::nullopt : number_at(path);
    if (!uw || *uw <= 0) {
        return std::nullopt;
    }
    return Watts{*uw * 1e-6};
}

std::string driver_of(const Chip& chip, const std::string& sysfs_root) {
    const std::string module = is_tile_of_i915(chip.name) ? "i915" : chip.name;
    const auto version = text_at(fmt::format("{}/module/{}/version", sysfs_root, module));
    return version ? module + " " + *version : module;
}

void add_limits(DeviceInfo& info, const Chip& chip, const HwmonFiles& files, int channel) {
    const auto watts = [&](std::string_view suffix) {
        return watts_at(file_of(chip, "power", channel, suffix));
    };
    info.power_limit = watts_at(files.power_limit);
    info.power_limit_default = watts("cap_default");
    if (!info.power_limit_default) {
        info.power_limit_default = watts("rated_max");
    }
    info.power_limit_min = watts("cap_min");
    info.power_limit_max = watts("cap_max");
}

void add_sensors(HwmonMeter& meter, const Chip& chip, const Channel& channel) {
    DeviceInfo& info = meter.info;
    const HwmonFiles& files = meter.files;
    if (!files.power.empty()) {
        info.power_sensor = sensor_profile(chip, files.power, channel.number);
    }
    if (!files.average_power.empty()) {
        info.average_sensor = sensor_profile(chip, files.average_power, channel.number);
    }
    if (!files.energy.empty()) {
        info.counter = CounterProfile{};
        info.counter->field = fmt::format("hwmon {} {}", chip.name, file_name(files.energy));
    }
}

void add_notes(const HwmonMeter& meter,
               const Chip& chip,
               const Channel& channel,
               std::vector<std::string>& notes) {
    if (meter.info.boundary == Boundary::module) {
        notes.emplace_back("Its power covers the CPU and the GPU of the package together.");
    }
    if (meter.is_tile) {
        notes.emplace_back(
            "One tile of a GPU that hwmon:i915 measures as a whole: do not add the two.");
    }
    if (channel.label.starts_with("Esocket")) {
        notes.emplace_back("RAPL (powercap) counts the same CPU: do not add the two.");
    }
    if (chip.name == "xe" && channel.number != 1 && meter.is_gpu) {
        notes.emplace_back(
            "Covers the GPU package, not the whole card: the driver counts nothing for the card.");
    }
    if (meter.narrow_register) {
        notes.emplace_back(
            "The driver loses energy unless the counter is read at least once a minute.");
    }
    if (chip.name == "power_meter" && meter.info.boundary == Boundary::system) {
        notes.emplace_back("What an ACPI meter without a known label covers is the firmware's "
                           "choice; usually the whole machine.");
    }
    if (meter.files.energy.empty() && meter.files.power.ends_with("_average")) {
        notes.emplace_back("Offers averaged power only; short peaks are flattened.");
    }
    if (meter.info.boundary == Boundary::unknown && !meter.is_tile) {
        notes.emplace_back(
            "What this sensor covers is not documented: it is never added to other devices.");
    }
}

// The reason why none of the fast files can be read; nothing when one can, or may be later.
std::optional<Error> problem_of(const HwmonFiles& files) {
    std::optional<Error> problem;
    for (const std::string& path : {files.power, files.average_power, files.energy}) {
        if (path.empty()) {
            continue;
        }
        const auto value = read_number(path);
        if (value || value.error().kind == Kind::unavailable) {
            return std::nullopt;
        }
        problem = value.error();
    }
    return problem;
}

HwmonMeter describe(const Chip& chip,
                    const Channel& channel,
                    std::string name,
                    const std::string& sysfs_root) {
    HwmonMeter meter;
    meter.chip = chip.name;
    meter.identity = fmt::format("{}|{}|{}", chip.parent, chip.name, channel.number);
    meter.is_tile = is_tile_of_i915(chip.name);
    meter.is_gpu = !meter.is_tile && (chip.name == "amdgpu" || chip.name == "i915" ||
                                      chip.name == "xe" || chip.name == "nouveau");
    meter.narrow_register = chip.name == "xe" || chip.name.starts_with("i915");
    meter.files = find_files(chip, channel.number);

    DeviceInfo& info = meter.info;
    info.name = std::move(name);
    info.backend = "hwmon";
    info.product = product_of(chip, channel);
    info.boundary = boundary_of(chip, channel);
    info.pci_bus_id = pci_address(chip);
    info.driver = driver_of(chip, sysfs_root);
    if (chip.name == "amdgpu") {
        info.uuid = text_at(chip.parent + "/unique_id");
        info.serial = text_at(chip.parent + "/serial_number");
        info.vbios = text_at(chip.parent + "/vbios_version");
        if (const auto bytes = number_at(chip.parent + "/mem_info_vram_total")) {
            info.memory_total = Bytes{*bytes};
        }
    }
    add_limits(info, chip, meter.files, channel.number);
    add_sensors(meter, chip, channel);
    meter.problem = problem_of(meter.files);
    add_notes(meter, chip, channel, info.notes);
    return meter;
}

} // namespace

HwmonSurvey find_hwmon_meters(const std::string& sysfs_root) {
    const std::string hwmon_class = sysfs_root + "/class/hwmon";
    HwmonSurvey survey;
    survey.class_exists = exists(hwmon_class);
    std::map<std::string, std::vector<Chip>> chips;
    for (const std::string& entry : entries_of(hwmon_class)) {
        Chip chip = look_at(path_in(hwmon_class, entry));
        if (chip.name.empty()) {
            continue;
        }
        if (chip.channels.empty()) {
            survey.other_chips.push_back(chip.name);
        } else {
            chips[chip.name].push_back(std::move(chip));
        }
    }
    for (auto& [chip_name, same_name] : chips) {
        std::ranges::sort(same_name, {}, &Chip::parent);
        for (std::size_t i = 0; i < same_name.size(); ++i) {
            const auto channels = channels_to_measure(same_name[i]);
            for (const Channel& channel : channels) {
                std::string name = "hwmon:" + chip_name;
                if (same_name.size() > 1) {
                    name += fmt::format(".{}", i + 1);
                }
                if (channels.size() > 1) {
                    const bool power =
                        exists(file_of(same_name[i], "power", channel.number, "input")) ||
                        exists(file_of(same_name[i], "power", channel.number, "average"));
                    name += fmt::format("/{}{}", power ? "power" : "energy", channel.number);
                }
                survey.meters.push_back(
                    describe(same_name[i], channel, std::move(name), sysfs_root));
            }
        }
    }
    return survey;
}

bool is_meant(const HwmonMeter& meter, std::string_view selector) {
    if (selector.empty()) {
        return false;
    }
    if (meter.info.pci_bus_id == selector) {
        return true;
    }
    const std::string_view name =
        std::string_view(meter.info.name).substr(std::string_view("hwmon:").size());
    if (!name.starts_with(selector)) {
        return false;
    }
    return name.size() == selector.size() || name[selector.size()] == '.' ||
           name[selector.size()] == '/';
}

} // namespace joulemark::device
