#include "device/nvml_backend.hpp"

#include "core/device_info.hpp"
#include "core/inventory.hpp"
#include "core/result.hpp"
#include "core/text.hpp"
#include "device/device.hpp"
#include "device/nvml_device.hpp"
#include "device/nvml_gpus.hpp"
#include "device/nvml_library.hpp"
#include "device/nvml_selector.hpp"
#include "device/registry.hpp"
#include "device/sysfs.hpp"
#include "device/visible_devices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace joulemark::device {

using nvml::FoundGpu;
using nvml::Library;

namespace {

using LibraryPointer = std::shared_ptr<const Library>;
using Devices = std::vector<std::unique_ptr<Device>>;

// The usual cause of a mismatch is an update of the driver while it runs; both versions make that
// plain.
Result<LibraryPointer> open_library(const Surroundings& where) {
    Result<LibraryPointer> library = Library::open(where.nvml_library);
    if (!library) {
        const auto loaded = text_at(where.sysfs_root + "/module/nvidia/version");
        Error error = library.error();
        if (loaded) {
            error.message += fmt::format(" (the loaded kernel driver is {})", *loaded);
        }
        return tl::unexpected(std::move(error));
    }
    return library;
}

Result<std::unique_ptr<NvmlDevice>> open_found(const LibraryPointer& library,
                                               const FoundGpu& found,
                                               const Surroundings& where) {
    assert(where.clock != nullptr);
    if (found.problem) {
        return tl::unexpected(*found.problem);
    }
    return NvmlDevice::open(library, found.handle, found.identity, *where.clock);
}

struct Chosen {
    std::vector<std::size_t> positions; // in the list of GPUs found
    std::vector<std::string> notes;     // for every device opened
};

Chosen choose_visible(const Library& library,
                      std::span<const FoundGpu> gpus,
                      const std::optional<std::string>& variable) {
    const nvml::Candidates candidates = nvml::candidates_of(library, gpus);
    VisibleGpus visible = visible_gpus(variable, candidates.identities);
    Chosen chosen;
    chosen.notes = std::move(visible.notes);
    for (const std::size_t i : visible.order) {
        chosen.positions.push_back(candidates.positions[i]);
    }
    for (const FoundGpu& gpu : gpus) {
        if (gpu.problem) {
            chosen.notes.push_back(
                fmt::format("{} is left out. {}", gpu.identity.info.name, gpu.problem->message));
        }
    }
    return chosen;
}

Error nothing_visible(std::span<const FoundGpu> gpus, const std::optional<std::string>& variable) {
    for (const FoundGpu& gpu : gpus) {
        if (gpu.problem && !variable) {
            return *gpu.problem;
        }
    }
    if (gpus.empty()) {
        return {.kind = Kind::unavailable,
                .message = "The NVIDIA driver is there, but NVML finds no GPU: in a container, "
                           "give it one (docker run --gpus all)",
                .context = ""};
    }
    return {.kind = Kind::unavailable,
            .message =
                fmt::format("CUDA_VISIBLE_DEVICES='{}' hides every GPU that can be measured. "
                            "Unset it, or name a GPU (-d nvml:0)",
                            printable(variable.value_or(""))),
            .context = ""};
}

Result<Devices> open_visible(const LibraryPointer& library, const Surroundings& where) {
    const Result<std::uint32_t> count = nvml::count_gpus(*library);
    if (!count) {
        return tl::unexpected(count.error());
    }
    const std::vector<FoundGpu> gpus = nvml::look_at_all(*library, *count);
    Chosen chosen = choose_visible(*library, gpus, where.cuda_visible_devices);
    std::vector<std::unique_ptr<NvmlDevice>> opened;
    std::optional<Error> first_error;
    for (const std::size_t i : chosen.positions) {
        auto device = open_found(library, gpus[i], where);
        if (device) {
            opened.push_back(std::move(*device));
            continue;
        }
        chosen.notes.push_back(
            fmt::format("{} is left out. {}", gpus[i].identity.info.name, device.error().message));
        first_error = first_error ? first_error : device.error();
    }
    if (opened.empty()) {
        return tl::unexpected(
            first_error.value_or(nothing_visible(gpus, where.cuda_visible_devices)));
    }
    Devices devices;
    for (std::unique_ptr<NvmlDevice>& device : opened) {
        for (const std::string& note : chosen.notes) {
            device->add_note(note);
        }
        devices.push_back(std::move(device));
    }
    return devices;
}

BackendReport report_of(const Library& library, std::span<const Listing> listings) {
    BackendReport report{.backend = "nvml", .usable = false, .finding = "", .mend = ""};
    std::size_t broken = 0;
    for (const Listing& listing : listings) {
        report.usable = report.usable || !listing.problem;
        if (listing.problem && broken++ == 0) {
            report.mend = listing.problem->message;
        }
    }
    const std::string gpus =
        listings.size() == 1 ? "one GPU" : fmt::format("{} GPUs", listings.size());
    report.finding = fmt::format("NVIDIA driver {}, NVML {}: {}",
                                 library.driver_version().value_or("of unknown version"),
                                 library.nvml_version().value_or("of unknown version"),
                                 gpus);
    if (broken > 0) {
        report.finding += fmt::format(", {} of which cannot be measured", broken);
    }
    if (listings.empty()) {
        report.mend = nothing_visible({}, std::nullopt).message;
    }
    return report;
}

// Whether an NVIDIA device (PCI vendor 10de) of display class is on the PCI bus; nothing where
// sysfs shows no bus.
std::optional<bool> has_nvidia_gpu(const std::string& sysfs_root) {
    const std::string folder = sysfs_root + "/bus/pci/devices";
    const std::vector<std::string> devices = entries_of(folder);
    if (devices.empty()) {
        return std::nullopt;
    }
    return std::ranges::any_of(devices, [&](const std::string& device) {
        const std::string path = folder + "/" + device;
        return text_at(path + "/vendor") == "0x10de" &&
               text_at(path + "/class").value_or("").starts_with("0x03");
    });
}

BackendReport unusable(const Error& error) {
    // The message is "what. How to mend it".
    const std::size_t end = error.message.find(". ");
    return {.backend = "nvml",
            .usable = false,
            .finding = error.message.substr(0, end),
            .mend = end == std::string::npos ? "" : error.message.substr(end + 2)};
}

} // namespace

NvmlSurvey survey_nvml(const Surroundings& where) {
    const Result<LibraryPointer> library = open_library(where);
    if (!library) {
        BackendReport report = unusable(library.error());
        if (has_nvidia_gpu(where.sysfs_root) == false) {
            report.finding = "no NVIDIA GPU is on the PCI bus, and NVML does not start";
            report.mend.clear();
        }
        return {.devices = {}, .report = std::move(report)};
    }
    const Result<std::uint32_t> count = nvml::count_gpus(**library);
    if (!count) {
        return {.devices = {}, .report = unusable(count.error())};
    }
    NvmlSurvey survey;
    for (const FoundGpu& gpu : nvml::look_at_all(**library, *count)) {
        const auto device = open_found(*library, gpu, where);
        if (device) {
            survey.devices.push_back({(*device)->info(), std::nullopt});
        } else {
            survey.devices.push_back({gpu.identity.info, device.error()});
        }
    }
    survey.report = report_of(**library, survey.devices);
    return survey;
}

Result<std::vector<std::unique_ptr<Device>>> open_nvml(std::string_view selector,
                                                       const Surroundings& where) {
    const Result<LibraryPointer> library = open_library(where);
    if (!library) {
        return tl::unexpected(library.error());
    }
    if (selector.empty() || selector == "all") {
        return open_visible(*library, where);
    }
    const Result<nvml::SelectedGpu> selected = nvml::select_gpu(**library, selector);
    if (!selected) {
        return tl::unexpected(selected.error());
    }
    auto device = open_found(*library, selected->found, where);
    if (!device) {
        return tl::unexpected(device.error());
    }
    if (selected->note) {
        (*device)->add_note(*selected->note);
    }
    Devices devices;
    devices.push_back(std::move(*device));
    return devices;
}

} // namespace joulemark::device
