#include "device/registry.hpp"

#include "core/clock.hpp"
#include "core/device_info.hpp"
#include "core/result.hpp"
#include "core/text.hpp"
#include "device/device.hpp"
#include "device/hwmon_device.hpp"
#include "device/hwmon_meters.hpp"
#include "device/nvml_backend.hpp"
#include "device/powercap_device.hpp"
#include "device/replay_device.hpp"
#include "device/simulated_device.hpp"

#include <fmt/format.h>
#include <tl/expected.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace joulemark::device {

namespace {

using Devices = std::vector<std::unique_ptr<Device>>;

// More names than this do not help who mistyped one.
constexpr std::size_t names_offered = 8;

constexpr std::array<std::string_view, 6> name_forms = {
    "nvml:0", "hwmon:NAME", "powercap:package-0", "sim:h200", "replay:FILE", "all"};

std::string from_variable(const char* name) {
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): nothing sets variables
    return value == nullptr ? std::string() : std::string(value);
}

void append(Devices& all, Devices more) { std::ranges::move(more, std::back_inserter(all)); }

// Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

std::vector<std::string> names_there(const Surroundings& where) {
    std::vector<std::string> names;
    for (const Listing& listing : survey(where).devices) {
        names.push_back(listing.info.name);
    }
    return names;
}

// The nearest of `candidates`, when it is near enough to be what was meant.
std::optional<std::string> nearest(std::string_view name,
                                   const std::vector<std::string>& candidates) {
    std::optional<std::string> best;
    std::size_t best_distance = std::max<std::size_t>(2, name.size() / 4) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(to_lower(name), candidate);
        if (distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

tl::unexpected<Error> unknown_name(std::string_view name, const Surroundings& where) {
    // No device has a longer name, and the search for the nearest one costs its length squared.
    constexpr std::size_t longest_name = 256;
    std::vector<std::string> there = names_there(where);
    std::vector<std::string> candidates = there;
    candidates.insert(candidates.end(), name_forms.begin(), name_forms.end());
    const auto meant = nearest(name.substr(0, longest_name), candidates);

    std::string message = fmt::format("there is no device '{}'", printable(name, 80));
    message += meant ? fmt::format("; did you mean {}? ", *meant) : ". ";
    if (there.empty()) {
        message += fmt::format("No real device was found; names look like {}",
                               fmt::join(name_forms, ", "));
    } else {
        const std::size_t more = there.size() - std::min(there.size(), names_offered);
        there.resize(there.size() - more);
        message +=
            fmt::format("There is {}{}",
                        fmt::join(there, ", "),
                        more == 0 ? "" : fmt::format(" and {} more (joulemark devices)", more));
    }
    return fail(Kind::not_found, std::move(message));
}

// The meters that can be read, without those that are parts of another.
Devices readable_hwmon(const Surroundings& where, bool only_gpus) {
    Devices devices;
    for (const HwmonMeter& meter : find_hwmon_meters(where.sysfs_root).meters) {
        // A tile is opened by its own name only: its GPU is in the list as a whole.
        if (meter.is_tile || (only_gpus && !meter.is_gpu)) {
            continue;
        }
        if (auto device = open_hwmon_meter(meter, where.sysfs_root, *where.clock)) {
            devices.push_back(std::move(*device));
        }
    }
    return devices;
}

Devices readable_powercap(const Surroundings& where, bool only_summable) {
    Devices devices;
    for (const PowercapZone& zone : find_powercap_zones(where.sysfs_root).zones) {
        const Boundary boundary = zone.info.boundary;
        if (only_summable && boundary != Boundary::cpu_package && boundary != Boundary::dram) {
            continue;
        }
        if (auto device = open_powercap_zone(zone, where.sysfs_root, *where.clock)) {
            devices.push_back(std::move(*device));
        }
    }
    return devices;
}

// What every back-end found, for who has nothing to measure with.
std::string findings(const Surroundings& where) {
    std::string text;
    for (const BackendReport& report : survey(where).backends) {
        text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", report.backend, report.finding);
    }
    return text;
}

Result<Devices> or_nothing_there(Devices devices,
                                 std::string_view what,
                                 const Surroundings& where) {
    if (!devices.empty()) {
        return devices;
    }
    return fail(
        Kind::unavailable,
        fmt::format("{} can be measured here ({}). 'joulemark doctor' says how to mend that; "
                    "-d sim:h200 measures a simulated GPU",
                    what,
                    findings(where)));
}

Result<Devices> open_all(const Surroundings& where) {
    Devices devices;
    if (auto gpus = open_nvml("all", where)) {
        append(devices, std::move(*gpus));
    }
    append(devices, readable_hwmon(where, false));
    append(devices, readable_powercap(where, false));
    return or_nothing_there(std::move(devices), "no device", where);
}

Result<Devices> open_from(std::string_view backend,
                          std::string_view selector,
                          const Surroundings& where) {
    const bool every_one = selector.empty() || selector == "all";
    if (backend == "nvml") {
        return open_nvml(selector, where);
    }
    if (backend == "hwmon") {
        return every_one ? or_nothing_there(readable_hwmon(where, false), "no hwmon sensor", where)
                         : open_hwmon(selector, where);
    }
    if (backend == "powercap") {
        return every_one ? or_nothing_there(readable_powercap(where, false), "no RAPL zone", where)
                         : open_powercap(selector, where);
    }
    if (backend == "sim") {
        return open_simulated(selector, *where.clock, where.seed);
    }
    return open_replay(selector, *where.clock);
}

bool is_backend(std::string_view word) {
    constexpr std::array<std::string_view, 5> backends = {
        "nvml", "hwmon", "powercap", "sim", "replay"};
    return std::ranges::find(backends, word) != backends.end();
}

} // namespace

Surroundings Surroundings::from_environment(Clock& clock) {
    Surroundings where;
    where.clock = &clock;
    where.nvml_library = from_variable("JOULEMARK_NVML_LIBRARY");
    if (auto root = from_variable("JOULEMARK_SYSFS_ROOT"); !root.empty()) {
        where.sysfs_root = std::move(root);
    }
    // Set and empty hides every GPU, which is not the same as not set.
    if (const char* visible =
            std::getenv("CUDA_VISIBLE_DEVICES")) { // NOLINT(concurrency-mt-unsafe)
        where.cuda_visible_devices = visible;
    }
    return where;
}

Inventory survey(const Surroundings& where) {
    Inventory inventory;
    NvmlSurvey nvml = survey_nvml(where);
    inventory.devices = std::move(nvml.devices);
    inventory.backends.push_back(std::move(nvml.report));
    survey_hwmon(where, inventory);
    survey_powercap(where, inventory);
    return inventory;
}

Result<Devices> open(std::string_view name, const Surroundings& where) {
    if (name == "all") {
        return open_all(where);
    }
    const std::size_t colon = name.find(':');
    const std::string_view backend = name.substr(0, colon);
    const std::string_view selector =
        colon == std::string_view::npos ? std::string_view() : name.substr(colon + 1);
    if (!is_backend(backend)) {
        return unknown_name(name, where);
    }
    auto devices = open_from(backend, selector, where);
    // NVML and the simulator offer what they have themselves.
    if (!devices && devices.error().kind == Kind::not_found &&
        (backend == "hwmon" || backend == "powercap") && devices.error().context.empty()) {
        return unknown_name(name, where);
    }
    return devices;
}

Result<Devices> open_default(const Surroundings& where) {
    if (auto gpus = open_nvml("all", where)) {
        return gpus;
    }
    Devices devices = readable_hwmon(where, true);
    if (devices.empty()) {
        devices = readable_powercap(where, true);
    }
    return or_nothing_there(std::move(devices), "no device", where);
}

std::optional<std::string> find_duplicate(std::span<const DeviceInfo> devices) {
    for (std::size_t i = 0; i < devices.size(); ++i) {
        for (std::size_t j = i + 1; j < devices.size(); ++j) {
            const DeviceInfo& a = devices[i];
            const DeviceInfo& b = devices[j];
            if (a.name == b.name) {
                return fmt::format("{} is named twice", a.name);
            }
            if (a.uuid && a.uuid == b.uuid && a.backend == b.backend) {
                return fmt::format("{} and {} are the same device", a.name, b.name);
            }
        }
    }
    return std::nullopt;
}

} // namespace joulemark::device
