#include "device/nvml_library.hpp"

#include "core/result.hpp"
#include "core/text.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_status.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace joulemark::device::nvml {

namespace {

// The first of `names` that the library exports; write the newest version first.
template <class F>
void find_newest(const SymbolLookup& lookup, F*& slot, std::initializer_list<const char*> names) {
    for (const char* name : names) {
        if (void* symbol = lookup(name); symbol != nullptr) {
            slot = reinterpret_cast<F*>(symbol);
            return;
        }
    }
}

// Version 2 of these two counts GPUs that the caller may not open and version 1 does not, so an
// index means the same only when both are of one version.
void find_enumeration(const SymbolLookup& lookup, Functions& f) {
    find_newest(lookup, f.device_count, {"nvmlDeviceGetCount_v2"});
    find_newest(lookup, f.handle_by_index, {"nvmlDeviceGetHandleByIndex_v2"});
    if (f.device_count == nullptr || f.handle_by_index == nullptr) {
        f.device_count = nullptr;
        f.handle_by_index = nullptr;
        find_newest(lookup, f.device_count, {"nvmlDeviceGetCount"});
        find_newest(lookup, f.handle_by_index, {"nvmlDeviceGetHandleByIndex"});
    }
}

void find_identity(const SymbolLookup& lookup, Functions& f) {
    find_newest(lookup, f.driver_version, {"nvmlSystemGetDriverVersion"});
    find_newest(lookup, f.nvml_version, {"nvmlSystemGetNVMLVersion"});
    find_newest(lookup, f.handle_by_uuid, {"nvmlDeviceGetHandleByUUID"});
    find_newest(lookup,
                f.handle_by_pci,
                {"nvmlDeviceGetHandleByPciBusId_v2", "nvmlDeviceGetHandleByPciBusId"});
    find_newest(lookup, f.name, {"nvmlDeviceGetName"});
    find_newest(lookup, f.uuid, {"nvmlDeviceGetUUID"});
    find_newest(lookup, f.serial, {"nvmlDeviceGetSerial"});
    find_newest(lookup, f.vbios, {"nvmlDeviceGetVbiosVersion"});
    find_newest(lookup,
                f.pci_info,
                {"nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2", "nvmlDeviceGetPciInfo"});
    find_newest(lookup, f.architecture, {"nvmlDeviceGetArchitecture"});
    find_newest(lookup, f.compute_capability, {"nvmlDeviceGetCudaComputeCapability"});
    find_newest(lookup, f.persistence_mode, {"nvmlDeviceGetPersistenceMode"});
    find_newest(lookup, f.virtualization_mode, {"nvmlDeviceGetVirtualizationMode"});
    find_newest(lookup, f.mig_mode, {"nvmlDeviceGetMigMode"});
    find_newest(lookup, f.mig_device_limit, {"nvmlDeviceGetMaxMigDeviceCount"});
    find_newest(lookup, f.mig_handle_by_index, {"nvmlDeviceGetMigDeviceHandleByIndex"});
    find_newest(lookup, f.is_mig_handle, {"nvmlDeviceIsMigDeviceHandle"});
    find_newest(lookup, f.parent_of_mig, {"nvmlDeviceGetDeviceHandleFromMigDeviceHandle"});
}

void find_readings(const SymbolLookup& lookup, Functions& f) {
    find_newest(lookup, f.total_energy, {"nvmlDeviceGetTotalEnergyConsumption"});
    find_newest(lookup, f.power_usage, {"nvmlDeviceGetPowerUsage"});
    find_newest(lookup, f.field_values, {"nvmlDeviceGetFieldValues"});
    find_newest(lookup, f.samples, {"nvmlDeviceGetSamples"});
    find_newest(lookup, f.temperature_v, {"nvmlDeviceGetTemperatureV"});
    find_newest(lookup, f.temperature, {"nvmlDeviceGetTemperature"});
    find_newest(lookup, f.clock, {"nvmlDeviceGetClockInfo"});
    find_newest(
        lookup,
        f.clock_event_reasons,
        {"nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"});
    find_newest(lookup, f.utilization, {"nvmlDeviceGetUtilizationRates"});
    find_newest(lookup, f.memory_v2, {"nvmlDeviceGetMemoryInfo_v2"});
    find_newest(lookup, f.memory, {"nvmlDeviceGetMemoryInfo"});
    find_newest(lookup, f.power_limit, {"nvmlDeviceGetEnforcedPowerLimit"});
    find_newest(lookup, f.power_limit_default, {"nvmlDeviceGetPowerManagementDefaultLimit"});
    find_newest(lookup, f.power_limit_range, {"nvmlDeviceGetPowerManagementLimitConstraints"});
}

void find_processes(const SymbolLookup& lookup, Functions& f) {
    find_newest(lookup, f.processes_v3, {"nvmlDeviceGetComputeRunningProcesses_v3"});
    find_newest(lookup, f.processes_v2, {"nvmlDeviceGetComputeRunningProcesses_v2"});
    find_newest(lookup, f.processes_v1, {"nvmlDeviceGetComputeRunningProcesses"});
    f.has_confidential_memory_size = lookup("nvmlDeviceGetConfComputeMemSizeInfo") != nullptr;
    f.has_process_detail_list = lookup("nvmlDeviceGetRunningProcessDetailList") != nullptr;
}

template <std::uint32_t Size>
std::optional<std::string> text_from(Return (*read)(char*, std::uint32_t)) {
    std::array<char, Size> buffer{};
    if (read == nullptr || read(buffer.data(), Size - 1) != Return::success) {
        return std::nullopt;
    }
    return printable(buffer.data());
}

Error library_missing(std::string_view wanted, std::string_view reason) {
    return {.kind = Kind::unavailable,
            .message = fmt::format(
                "NVIDIA's management library {} cannot be loaded ({}). Install the NVIDIA driver; "
                "in a container, run it with the NVIDIA container toolkit and the 'utility' "
                "capability; or name the file in JOULEMARK_NVML_LIBRARY",
                wanted,
                printable(reason)),
            .context = "nvml"};
}

Error start_failure(Return code, const std::optional<std::string>& version) {
    Error error =
        error_of(code, version ? fmt::format("The NVML library {}", *version) : "The NVML library");
    error.context = "nvml";
    return error;
}

} // namespace

Result<Functions> resolve(const SymbolLookup& lookup) {
    Functions f;
    find_newest(lookup, f.init, {"nvmlInit_v2", "nvmlInit"});
    find_newest(lookup, f.shutdown, {"nvmlShutdown"});
    find_enumeration(lookup, f);
    find_identity(lookup, f);
    find_readings(lookup, f);
    find_processes(lookup, f);
    const std::array<std::pair<bool, std::string_view>, 4> required{{
        {f.init != nullptr, "nvmlInit"},
        {f.shutdown != nullptr, "nvmlShutdown"},
        {f.device_count != nullptr, "nvmlDeviceGetCount"},
        {f.handle_by_index != nullptr, "nvmlDeviceGetHandleByIndex"},
    }};
    for (const auto& [found, name] : required) {
        if (!found) {
            return fail(Kind::unsupported,
                        fmt::format("The NVML library does not export {}: it is damaged, or a "
                                    "different library. Reinstall the NVIDIA driver",
                                    name),
                        "nvml");
        }
    }
    return f;
}

Library::Library(SharedObject object, const Functions& functions)
    : object_(std::move(object)), functions_(functions) {}

Library::~Library() { functions_.shutdown(); }

Result<std::shared_ptr<const Library>> Library::start_in(SharedObject object,
                                                         const SymbolLookup& lookup) {
    const Result<Functions> functions = resolve(lookup);
    if (!functions) {
        return tl::unexpected(functions.error());
    }
    // The only question that NVML answers before it is started.
    std::optional<std::string> version = text_from<version_size>(functions->nvml_version);
    if (const Return code = functions->init(); code != Return::success) {
        return tl::unexpected(start_failure(code, version));
    }
    // From here on the destructor gives the reference back.
    std::shared_ptr<Library> library(new Library(std::move(object), *functions));
    library->version_ = std::move(version);
    library->driver_ = text_from<version_size>(functions->driver_version);
    return library;
}

Result<std::shared_ptr<const Library>> Library::start(const SymbolLookup& lookup) {
    return start_in(SharedObject(nullptr, [](void*) {}), lookup);
}

Result<std::shared_ptr<const Library>> Library::open(const std::string& path) {
    // The unversioned name may be a link-time stub of the CUDA toolkit, so it comes last.
    const std::array<const char*, 2> standard{"libnvidia-ml.so.1", "libnvidia-ml.so"};
    const std::array<const char*, 1> given{path.c_str()};
    const std::span<const char* const> names =
        path.empty() ? std::span<const char* const>(standard) : given;
    std::string reason;
    for (const char* name : names) {
        SharedObject object(dlopen(name, RTLD_NOW | RTLD_LOCAL), [](void* o) { dlclose(o); });
        if (object != nullptr) {
            void* raw = object.get();
            return start_in(std::move(object),
                            [raw](const char* symbol) { return dlsym(raw, symbol); });
        }
        if (reason.empty()) {
            const char* said = dlerror();
            reason = said == nullptr ? "no reason given" : said;
        }
    }
    return tl::unexpected(library_missing(path.empty() ? standard[0] : printable(path), reason));
}

} // namespace joulemark::device::nvml
