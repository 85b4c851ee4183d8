#include "device/nvml_backend.hpp"

#include "core/text.hpp"
#include "device/nvml_device.hpp"
#include "device/nvml_identity.hpp"
#include "device/nvml_library.hpp"
#include "device/nvml_pci.hpp"
#include "device/nvml_status.hpp"
#include "device/sysfs.hpp"
#include "device/visible_devices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace joulemark::device {

using nvml::Handle;
using nvml::Library;
using nvml::Return;

namespace {

using LibraryPointer = std::shared_ptr<const Library>;
using Devices = std::vector<std::unique_ptr<Device>>;

// One of the GPUs that NVML counts; without a handle when it does not let itself be opened.
struct Found {
    std::uint32_t index = 0;
    Handle handle = nullptr;
    nvml::Identity identity;
    std::optional<Error> problem;
};

std::string name_of_index(std::uint32_t index) { return fmt::format("nvml:{}", index); }

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

Result<std::uint32_t> count_gpus(const Library& library) {
    std::uint32_t count = 0;
    if (const Return code = library.call().device_count(&count); code != Return::success) {
        return tl::unexpected(nvml::error_of(code, "The list of NVIDIA GPUs"));
    }
    constexpr std::uint32_t most_gpus = 1024; // guards against a library that answers nonsense
    return std::min(count, most_gpus);
}

Found look_at(const Library& library, std::uint32_t index) {
    Found found;
    found.index = index;
    const Return code = library.call().handle_by_index(index, &found.handle);
    if (code == Return::success) {
        found.identity = nvml::identify(library, found.handle, index);
        return found;
    }
    found.handle = nullptr;
    found.identity.info.name = name_of_index(index);
    found.identity.info.backend = "nvml";
    found.identity.info.product = "NVIDIA GPU";
    found.identity.info.driver = library.driver_version();
    found.problem = nvml::error_of(code, name_of_index(index));
    return found;
}

std::vector<Found> look_at_all(const Library& library, std::uint32_t count) {
    std::vector<Found> gpus;
    for (std::uint32_t i = 0; i < count; ++i) {
        gpus.push_back(look_at(library, i));
    }
    return gpus;
}

Result<std::unique_ptr<NvmlDevice>> open_found(const LibraryPointer& library,
                                               const Found& found,
                                               const Surroundings& where) {
    assert(where.clock != nullptr);
    if (found.problem) {
        return tl::unexpected(*found.problem);
    }
    return NvmlDevice::open(library, found.handle, found.identity, *where.clock);
}

// "There are nvml:0 to nvml:3."
std::string what_is_there(std::size_t count) {
    if (count == 0) {
        return "NVML finds no GPU.";
    }
    return count == 1 ? "There is nvml:0 only."
                      : fmt::format("There are nvml:0 to nvml:{}.", count - 1);
}

tl::unexpected<Error> no_such_gpu(std::string_view selector,
                                  std::string_view why,
                                  std::size_t count) {
    return fail(Kind::not_found,
                fmt::format("nvml:{}: {}. {} 'joulemark devices' lists them",
                            printable(selector),
                            why,
                            what_is_there(count)));
}

// Identities of the GPUs that can be opened, with their positions in `gpus`.
struct Candidates {
    std::vector<GpuIdentity> identities;
    std::vector<std::size_t> positions;
};

Candidates candidates_of(const Library& library, std::span<const Found> gpus) {
    Candidates candidates;
    for (std::size_t i = 0; i < gpus.size(); ++i) {
        if (gpus[i].problem) {
            continue;
        }
        const DeviceInfo& info = gpus[i].identity.info;
        candidates.identities.push_back({.uuid = info.uuid.value_or(""),
                                         .pci_bus_id = info.pci_bus_id.value_or(""),
                                         .product = info.product,
                                         .mig_uuids = nvml::mig_uuids_of(library, gpus[i].handle)});
        candidates.positions.push_back(i);
    }
    return candidates;
}

struct Chosen {
    std::vector<std::size_t> positions; // in the list of GPUs found
    std::vector<std::string> notes;     // for every device opened
};

Chosen choose_visible(const Library& library,
                      std::span<const Found> gpus,
                      const std::optional<std::string>& variable) {
    const Candidates candidates = candidates_of(library, gpus);
    VisibleGpus visible = visible_gpus(variable, candidates.identities);
    Chosen chosen;
    chosen.notes = std::move(visible.notes);
    for (const std::size_t i : visible.order) {
        chosen.positions.push_back(candidates.positions[i]);
    }
    for (const Found& gpu : gpus) {
        if (gpu.problem) {
            chosen.notes.push_back(
                fmt::format("{} is left out. {}", gpu.identity.info.name, gpu.problem->message));
        }
    }
    return chosen;
}

Error nothing_visible(std::span<const Found> gpus, const std::optional<std::string>& variable) {
    for (const Found& gpu : gpus) {
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
    const Result<std::uint32_t> count = count_gpus(*library);
    if (!count) {
        return tl::unexpected(count.error());
    }
    const std::vector<Found> gpus = look_at_all(*library, *count);
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

// The whole GPU behind a MIG UUID, as the driver or the list of instances tells it.
std::optional<std::string> gpu_uuid_of_mig(const Library& library, const std::string& mig_uuid) {
    Handle instance = nullptr;
    const nvml::Functions& f = library.call();
    if (f.handle_by_uuid == nullptr ||
        f.handle_by_uuid(mig_uuid.c_str(), &instance) != Return::success) {
        return std::nullopt;
    }
    const Result<Handle> gpu = nvml::whole_gpu_of(library, instance);
    return gpu ? nvml::uuid_of(library, *gpu) : std::nullopt;
}

struct Selected {
    Found found;
    std::optional<std::string> note;
};

Result<Selected> select_index(const Library& library,
                              std::string_view selector,
                              std::uint32_t count) {
    const auto index = parse_int(selector);
    if (!index || *index < 0 || *index >= std::int64_t{count}) {
        return no_such_gpu(selector, "there is no such GPU", count);
    }
    return Selected{look_at(library, static_cast<std::uint32_t>(*index)), std::nullopt};
}

Result<Selected> select_pci(const Library& library,
                            const PciAddress& address,
                            std::string_view selector,
                            std::uint32_t count) {
    for (Found& gpu : look_at_all(library, count)) {
        if (parse_pci_address(gpu.identity.info.pci_bus_id.value_or("")) == address) {
            return Selected{std::move(gpu), std::nullopt};
        }
    }
    return no_such_gpu(selector, "no NVIDIA GPU is at this PCI address", count);
}

Result<Selected> select_uuid(const Library& library,
                             std::string_view selector,
                             std::uint32_t count) {
    std::vector<Found> gpus = look_at_all(library, count);
    const Candidates candidates = candidates_of(library, gpus);
    std::optional<std::string> note;
    std::string wanted(selector);
    if (selector.starts_with("MIG-")) {
        note = fmt::format("{} is an instance on this GPU: NVML measures the GPU as a whole, all "
                           "its instances together.",
                           printable(selector));
        const auto owner = std::ranges::find_if(candidates.identities, [&](const GpuIdentity& gpu) {
            return std::ranges::find(gpu.mig_uuids, wanted) != gpu.mig_uuids.end();
        });
        wanted = owner == candidates.identities.end()
                     ? gpu_uuid_of_mig(library, wanted).value_or("")
                     : owner->uuid;
        if (wanted.empty()) {
            return no_such_gpu(selector, "there is no such MIG instance", count);
        }
    }
    const auto found = gpu_with_uuid_prefix(wanted, candidates.identities);
    if (!found) {
        return no_such_gpu(
            selector, "no GPU, or more than one, has a UUID that begins like this", count);
    }
    return Selected{std::move(gpus[candidates.positions[*found]]), std::move(note)};
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Result<Selected> select_gpu(const Library& library, std::string_view selector) {
    const Result<std::uint32_t> count = count_gpus(library);
    if (!count) {
        return tl::unexpected(count.error());
    }
    if (is_number(selector)) {
        return select_index(library, selector, *count);
    }
    if (selector.starts_with("GPU-") || selector.starts_with("MIG-")) {
        return select_uuid(library, selector, *count);
    }
    if (const auto address = parse_pci_address(selector)) {
        return select_pci(library, *address, selector, *count);
    }
    return fail(Kind::invalid_argument,
                fmt::format("nvml:{}: after 'nvml:' comes an index (0), a UUID or its beginning "
                            "(GPU-1a2b), a MIG UUID, a PCI bus id (0000:65:00.0) or 'all'. {}",
                            printable(selector),
                            what_is_there(*count)));
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
        return {.devices = {}, .report = unusable(library.error())};
    }
    const Result<std::uint32_t> count = count_gpus(**library);
    if (!count) {
        return {.devices = {}, .report = unusable(count.error())};
    }
    NvmlSurvey survey;
    for (const Found& gpu : look_at_all(**library, *count)) {
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
    const Result<Selected> selected = select_gpu(**library, selector);
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
