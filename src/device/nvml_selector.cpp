#include "device/nvml_selector.hpp"

#include "core/result.hpp"
#include "core/text.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_gpus.hpp"
#include "device/nvml_identity.hpp"
#include "device/nvml_library.hpp"
#include "device/nvml_pci.hpp"
#include "device/visible_devices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace joulemark::device::nvml {

namespace {

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

// A GPU that cannot be opened does not tell its UUID or address: it may be the one that is meant.
tl::unexpected<Error> no_such_gpu(std::string_view selector,
                                  std::string_view why,
                                  std::span<const FoundGpu> gpus) {
    const auto sick =
        std::ranges::find_if(gpus, [](const FoundGpu& gpu) { return gpu.problem.has_value(); });
    if (sick == gpus.end()) {
        return no_such_gpu(selector, why, gpus.size());
    }
    return fail(sick->problem->kind,
                fmt::format("nvml:{}: {}, unless it is one that does not say who it is. {}",
                            printable(selector),
                            why,
                            sick->problem->message));
}

// The whole GPU behind a MIG UUID, as the driver or the list of instances tells it.
std::optional<std::string> gpu_uuid_of_mig(const Library& library, const std::string& mig_uuid) {
    Handle instance = nullptr;
    const Functions& f = library.call();
    if (f.handle_by_uuid == nullptr ||
        f.handle_by_uuid(mig_uuid.c_str(), &instance) != Return::success) {
        return std::nullopt;
    }
    const Result<Handle> gpu = whole_gpu_of(library, instance);
    return gpu ? uuid_of(library, *gpu) : std::nullopt;
}

Result<SelectedGpu> select_index(const Library& library,
                                 std::string_view selector,
                                 std::uint32_t count) {
    const auto index = parse_int(selector);
    if (!index || *index < 0 || *index >= std::int64_t{count}) {
        return no_such_gpu(selector, "there is no such GPU", count);
    }
    return SelectedGpu{look_at(library, static_cast<std::uint32_t>(*index)), std::nullopt};
}

Result<SelectedGpu> select_pci(const Library& library,
                               const PciAddress& address,
                               std::string_view selector,
                               std::uint32_t count) {
    std::vector<FoundGpu> gpus = look_at_all(library, count);
    for (FoundGpu& gpu : gpus) {
        if (parse_pci_address(gpu.identity.info.pci_bus_id.value_or("")) == address) {
            return SelectedGpu{std::move(gpu), std::nullopt};
        }
    }
    return no_such_gpu(selector, "no NVIDIA GPU is at this PCI address", gpus);
}

Result<SelectedGpu> select_uuid(const Library& library,
                                std::string_view selector,
                                std::uint32_t count) {
    std::vector<FoundGpu> gpus = look_at_all(library, count);
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
            return no_such_gpu(selector, "there is no such MIG instance", gpus);
        }
    }
    const auto found = gpu_with_uuid_prefix(wanted, candidates.identities);
    if (!found) {
        return no_such_gpu(
            selector, "no GPU, or more than one, has a UUID that begins like this", gpus);
    }
    return SelectedGpu{std::move(gpus[candidates.positions[*found]]), std::move(note)};
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace

Result<SelectedGpu> select_gpu(const Library& library, std::string_view selector) {
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

} // namespace joulemark::device::nvml
