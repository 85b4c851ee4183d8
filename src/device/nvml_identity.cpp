#include "device/nvml_identity.hpp"

#include "core/device_info.hpp"
#include "core/result.hpp"
#include "core/text.hpp"
#include "core/units.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_fields.hpp"
#include "device/nvml_library.hpp"
#include "device/nvml_pci.hpp"
#include "device/nvml_processes.hpp"
#include "device/nvml_status.hpp"
#include "physics/architecture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace joulemark::device::nvml {

namespace {

// An answer that is one number, or nothing.
template <class T> std::optional<T> number(Return (*question)(Handle, T*), Handle handle) {
    T value{};
    if (question == nullptr || question(handle, &value) != Return::success) {
        return std::nullopt;
    }
    return value;
}

template <std::uint32_t Size>
std::optional<std::string> text(Return (*question)(Handle, char*, std::uint32_t), Handle handle) {
    // One byte stays out of the driver's reach, so that the text ends.
    std::array<char, Size + 1> buffer{};
    if (question == nullptr || question(handle, buffer.data(), Size) != Return::success ||
        buffer[0] == '\0') {
        return std::nullopt;
    }
    return printable(buffer.data());
}

// 0 is no limit: some boards answer it instead of "not supported".
std::optional<Watts> limit(std::optional<std::uint32_t> power_mw) {
    return power_mw.value_or(0) == 0 ? std::nullopt : watts_from_mw(*power_mw);
}

std::optional<Bytes> memory_of(const Functions& f, Handle handle) {
    MemoryV2 v2{};
    v2.version = version_word<MemoryV2>(2);
    if (f.memory_v2 != nullptr && f.memory_v2(handle, &v2) == Return::success && v2.total > 0) {
        return Bytes{static_cast<double>(v2.total)};
    }
    const std::optional<Memory> v1 = number(f.memory, handle);
    return v1 && v1->total > 0 ? std::optional(Bytes{static_cast<double>(v1->total)})
                               : std::nullopt;
}

void read_limits(const Functions& f, Handle handle, DeviceInfo& info) {
    info.power_limit = limit(number(f.power_limit, handle));
    info.power_limit_default = limit(number(f.power_limit_default, handle));
    std::uint32_t low_mw = 0;
    std::uint32_t high_mw = 0;
    if (f.power_limit_range != nullptr &&
        f.power_limit_range(handle, &low_mw, &high_mw) == Return::success) {
        info.power_limit_min = limit(low_mw);
        info.power_limit_max = limit(high_mw);
    }
}

// Numbers of nvmlDeviceGetArchitecture, for GPUs whose compute capability is unknown here.
std::string_view family_name(std::uint32_t number) {
    switch (number) {
    case 2:
        return "Kepler";
    case 3:
        return "Maxwell";
    case 4:
        return "Pascal";
    case 5:
        return "Volta";
    case 6:
        return "Turing";
    case 7:
        return "Ampere";
    case 8:
        return "Ada Lovelace";
    case 9:
        return "Hopper";
    case 10:
        return "Blackwell";
    case 13:
        return "Rubin";
    default:
        return {};
    }
}

// Compute capability tells GA100 from GA10x, which the architecture number does not.
physics::Architecture read_architecture(const Functions& f, Handle handle, DeviceInfo& info) {
    physics::Architecture architecture = physics::Architecture::unknown;
    std::int32_t major = 0;
    std::int32_t minor = 0;
    if (f.compute_capability != nullptr &&
        f.compute_capability(handle, &major, &minor) == Return::success) {
        info.compute_capability = fmt::format("{}.{}", major, minor);
        architecture = physics::architecture_of_capability(major, minor);
    }
    if (architecture == physics::Architecture::unknown && !info.compute_capability) {
        architecture = physics::architecture_of_product(info.product);
    }
    const auto family = number(f.architecture, handle);
    if (architecture != physics::Architecture::unknown) {
        info.architecture = std::string(physics::to_string(architecture));
    } else if (family && *family != architecture_unknown) {
        const std::string_view name = family_name(*family);
        info.architecture =
            name.empty() ? fmt::format("NVML architecture {}", *family) : std::string(name);
    }
    return architecture;
}

void read_sharing(const Library& library, Handle handle, DeviceInfo& info) {
    const Functions& f = library.call();
    std::uint32_t current = 0;
    std::uint32_t pending = 0;
    if (f.mig_mode != nullptr && f.mig_mode(handle, &current, &pending) == Return::success) {
        info.mig_enabled = current != 0;
    }
    if (info.mig_enabled.value_or(false)) {
        info.notes.emplace_back("MIG is on: power and energy are of the whole GPU, all instances "
                                "together; utilisation is not available.");
    }
    const std::int32_t mode = number(f.virtualization_mode, handle).value_or(0);
    info.virtual_gpu = mode == virtualization_vgpu_guest;
    if (info.virtual_gpu) {
        info.notes.emplace_back("This is a virtual GPU: readings, where there are any, may be of "
                                "the whole board and of other guests too.");
    } else if (mode == virtualization_vgpu_host || mode == virtualization_vsga_host) {
        info.notes.emplace_back("This GPU is shared out to virtual machines: readings include "
                                "their work.");
    }
    if (const auto others = other_processes(library, handle); others && *others > 0) {
        info.notes.push_back(fmt::format("{} other {} computing on this GPU: its readings include "
                                         "{}.",
                                         *others,
                                         *others == 1 ? "process is" : "processes are",
                                         *others == 1 ? "that work" : "their work"));
    }
}

void note_persistence(DeviceInfo& info) {
    if (info.persistence_mode == false) {
        info.notes.emplace_back("Persistence mode is off: the energy counter may restart whenever "
                                "the GPU's last user leaves ('sudo nvidia-smi -pm 1' keeps it).");
    }
}

// Power smoothing (Blackwell and newer) burns power on purpose to hold a floor.
void note_smoothing(const Functions& f, Handle handle, DeviceInfo& info) {
    const auto value = [&](std::uint32_t id) { return unsigned_value(ask_one(f, handle, id)); };
    if (value(field::smoothing_enabled).value_or(0) != 1) {
        return;
    }
    std::string details;
    const auto add = [&](std::string_view name, std::uint32_t id, std::string_view unit) {
        if (const auto v = value(id)) {
            details += fmt::format("{}{} {}{}", details.empty() ? " (" : ", ", name, *v, unit);
        }
    };
    add("floor", field::smoothing_floor, " W");
    add("primary floor", field::smoothing_primary_floor, " W");
    add("ceiling", field::smoothing_ceiling, " W");
    add("profile", field::smoothing_profile, "");
    info.notes.push_back(fmt::format("Power smoothing is on{}{}: idle and decode power are held up "
                                     "on purpose, so a baseline is no idle power.",
                                     details,
                                     details.empty() ? "" : ")"));
}

} // namespace

std::optional<std::string> uuid_of(const Library& library, Handle handle) {
    return text<uuid_size>(library.call().uuid, handle);
}

std::optional<std::string> pci_bus_id_of(const Library& library, Handle handle) {
    PciInfo pci{};
    const Functions& f = library.call();
    if (f.pci_info == nullptr || f.pci_info(handle, &pci) != Return::success) {
        return std::nullopt;
    }
    // The driver may fill a buffer to its end.
    const auto bounded = [](const auto& buffer) {
        const std::string_view all(buffer.data(), buffer.size());
        return all.substr(0, all.find('\0'));
    };
    std::string_view id = bounded(pci.bus_id);
    if (id.empty()) {
        id = bounded(pci.bus_id_legacy);
    }
    if (id.empty()) {
        return std::nullopt;
    }
    const auto address = parse_pci_address(id);
    return address ? to_string(*address) : printable(id);
}

std::vector<std::string> mig_uuids_of(const Library& library, Handle gpu) {
    const Functions& f = library.call();
    // The range is sparse; the bound only guards against a driver that answers nonsense.
    constexpr std::uint32_t most_instances = 64;
    const std::uint32_t limit =
        std::min(number(f.mig_device_limit, gpu).value_or(0), most_instances);
    std::vector<std::string> uuids;
    for (std::uint32_t i = 0; f.mig_handle_by_index != nullptr && i < limit; ++i) {
        Handle instance = nullptr;
        if (f.mig_handle_by_index(gpu, i, &instance) != Return::success) {
            continue;
        }
        if (auto uuid = uuid_of(library, instance)) {
            uuids.push_back(std::move(*uuid));
        }
    }
    return uuids;
}

Result<Handle> whole_gpu_of(const Library& library, Handle handle) {
    const Functions& f = library.call();
    if (number(f.is_mig_handle, handle).value_or(0) == 0) {
        return handle;
    }
    Handle parent = nullptr;
    const Return code =
        f.parent_of_mig == nullptr ? Return::function_not_found : f.parent_of_mig(handle, &parent);
    if (code != Return::success) {
        return tl::unexpected(error_of(code, "The GPU of this MIG instance"));
    }
    return parent;
}

Identity identify(const Library& library, Handle handle, std::uint32_t index) {
    const Functions& f = library.call();
    Identity identity;
    DeviceInfo& info = identity.info;
    info.name = fmt::format("nvml:{}", index);
    info.backend = "nvml";
    info.product = text<name_size>(f.name, handle).value_or("NVIDIA GPU");
    info.uuid = uuid_of(library, handle);
    info.serial = text<serial_size>(f.serial, handle);
    info.vbios = text<vbios_size>(f.vbios, handle);
    info.pci_bus_id = pci_bus_id_of(library, handle);
    info.driver = library.driver_version();
    identity.architecture = read_architecture(f, handle, info);
    info.memory_total = memory_of(f, handle);
    read_limits(f, handle, info);
    if (const auto mode = number(f.persistence_mode, handle)) {
        info.persistence_mode = *mode != 0;
    }
    note_persistence(info);
    read_sharing(library, handle, info);
    note_smoothing(f, handle, info);
    return identity;
}

} // namespace joulemark::device::nvml
