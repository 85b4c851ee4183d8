#include "device/visible_devices.hpp"

#include "core/text.hpp"
#include "device/nvml_pci.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace joulemark::device {

namespace {

constexpr std::string_view gpu_prefix = "GPU-";
constexpr std::string_view mig_prefix = "MIG-";
// More entries than any machine has GPUs.
constexpr std::size_t most_entries = 1024;

std::vector<std::string_view> entries_of_list(std::string_view list) {
    std::vector<std::string_view> entries;
    while (entries.size() < most_entries) {
        const std::size_t comma = list.find(',');
        entries.push_back(trim(list.substr(0, comma)));
        if (comma == std::string_view::npos) {
            break;
        }
        list.remove_prefix(comma + 1);
    }
    return entries;
}

// As strtoul reads it: "1" and "1gpu" are 1. Nothing for a negative number or none at all.
std::optional<std::size_t> leading_number(std::string_view entry) {
    if (entry.starts_with('+')) {
        entry.remove_prefix(1);
    }
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(entry.data(), entry.data() + entry.size(), number);
    if (error != std::errc{}) {
        return std::nullopt;
    }
    return number;
}

// Positions of the GPUs in the order of their PCI addresses; those without one come last.
std::vector<std::size_t> pci_order(std::span<const GpuIdentity> gpus) {
    std::vector<std::size_t> order(gpus.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto address = [&](std::size_t i) { return parse_pci_address(gpus[i].pci_bus_id); };
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
        const auto pci_a = address(a);
        const auto pci_b = address(b);
        return pci_a && (!pci_b || *pci_a < *pci_b);
    });
    return order;
}

// "MIG-<uuid>", or the older "MIG-GPU-<uuid of the GPU>/<GPU instance>/<compute instance>".
std::optional<std::size_t> gpu_with_mig(std::string_view entry, std::span<const GpuIdentity> gpus) {
    for (std::size_t i = 0; i < gpus.size(); ++i) {
        if (std::ranges::find(gpus[i].mig_uuids, entry) != gpus[i].mig_uuids.end()) {
            return i;
        }
    }
    std::string_view gpu = entry.substr(mig_prefix.size());
    if (!gpu.starts_with(gpu_prefix)) {
        return std::nullopt;
    }
    gpu = gpu.substr(0, gpu.find('/'));
    const auto found = std::ranges::find(gpus, gpu, &GpuIdentity::uuid);
    return found == gpus.end() ? std::nullopt
                               : std::optional(static_cast<std::size_t>(found - gpus.begin()));
}

// What the entries of one list have in common.
enum class Form { numbers, gpu_uuids, mig_uuids };

Form form_of(std::string_view first) {
    return first.starts_with(gpu_prefix)   ? Form::gpu_uuids
           : first.starts_with(mig_prefix) ? Form::mig_uuids
                                           : Form::numbers;
}

class List {
public:
    List(Form form, std::span<const GpuIdentity> gpus)
        : form_(form), gpus_(gpus), by_pci_(pci_order(gpus)) {}

    // The GPU that an entry means; nothing when the list ends at it.
    [[nodiscard]] std::optional<std::size_t> gpu_of(std::string_view entry) const {
        switch (form_) {
        case Form::numbers: {
            const auto number = leading_number(entry);
            return number && *number < by_pci_.size() ? std::optional(by_pci_[*number])
                                                      : std::nullopt;
        }
        case Form::gpu_uuids:
            return entry.starts_with(gpu_prefix) ? gpu_with_uuid_prefix(entry, gpus_)
                                                 : std::nullopt;
        case Form::mig_uuids:
            return entry.starts_with(mig_prefix) ? gpu_with_mig(entry, gpus_) : std::nullopt;
        }
        return std::nullopt;
    }

private:
    Form form_;
    std::span<const GpuIdentity> gpus_;
    std::vector<std::size_t> by_pci_;
};

bool gpus_differ(std::span<const GpuIdentity> gpus) {
    return std::ranges::adjacent_find(gpus, std::ranges::not_equal_to{}, &GpuIdentity::product) !=
           gpus.end();
}

void add_notes(Form form, std::span<const GpuIdentity> gpus, VisibleGpus& visible) {
    if (form == Form::numbers && gpus_differ(gpus)) {
        visible.notes.emplace_back(
            "CUDA_VISIBLE_DEVICES was read in PCI bus order; CUDA itself counts the fastest GPU "
            "first unless CUDA_DEVICE_ORDER=PCI_BUS_ID is set, and these GPUs differ.");
    }
    if (form == Form::mig_uuids && !visible.order.empty()) {
        visible.notes.emplace_back("CUDA_VISIBLE_DEVICES names MIG instances: the GPUs that hold "
                                   "them are measured as a whole.");
    }
}

} // namespace

std::optional<std::size_t> gpu_with_uuid_prefix(std::string_view prefix,
                                                std::span<const GpuIdentity> gpus) {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < gpus.size(); ++i) {
        if (gpus[i].uuid == prefix) {
            return i;
        }
        if (gpus[i].uuid.starts_with(prefix)) {
            if (found) {
                return std::nullopt;
            }
            found = i;
        }
    }
    return found;
}

VisibleGpus visible_gpus(const std::optional<std::string>& variable,
                         std::span<const GpuIdentity> gpus) {
    VisibleGpus visible;
    if (!variable) {
        visible.order.resize(gpus.size());
        std::iota(visible.order.begin(), visible.order.end(), std::size_t{0});
        return visible;
    }
    const std::vector<std::string_view> entries = entries_of_list(*variable);
    const Form form = form_of(entries.front());
    const List list(form, gpus);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto gpu = list.gpu_of(entries[i]);
        if (!gpu) {
            break;
        }
        const bool repeated = std::ranges::find(visible.order, *gpu) != visible.order.end();
        if (!repeated) {
            visible.order.push_back(*gpu);
        } else if (form != Form::mig_uuids || std::ranges::count(entries, entries[i]) > 1) {
            visible.order.clear();
            visible.notes.emplace_back("CUDA_VISIBLE_DEVICES names a GPU twice: CUDA then shows "
                                       "none.");
            return visible;
        }
    }
    add_notes(form, gpus, visible);
    return visible;
}

} // namespace joulemark::device
