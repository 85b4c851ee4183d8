// NVIDIA's management library, opened at run time: the only file of joulemark that loads a library.
// Holds one NVML reference from `open` to destruction; every device keeps the library alive through
// its shared_ptr, so that the driver does not drop its state (and restart its energy counter)
// between two readings. Immutable once open; NVML itself is thread-safe, so a Library may be used
// from any thread.
//
//     auto library = nvml::Library::open("");
//     unsigned count = 0;
//     (*library)->call().device_count(&count);
#pragma once

#include "core/result.hpp"
#include "device/nvml_abi.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace joulemark::device::nvml {

// The functions used. Required ones are never null in an open Library; every other one may be, on
// an old driver, and its absence costs one feature. Where NVML has several versions of a function
// with one signature, the newest that the library exports is taken; versions with different structs
// have a pointer each.
struct Functions {
    Return (*init)() = nullptr;
    Return (*shutdown)() = nullptr;
    Return (*device_count)(std::uint32_t*) = nullptr;
    Return (*handle_by_index)(std::uint32_t, Handle*) = nullptr;

    Return (*driver_version)(char*, std::uint32_t) = nullptr;
    Return (*nvml_version)(char*, std::uint32_t) = nullptr;
    Return (*handle_by_uuid)(const char*, Handle*) = nullptr;
    Return (*handle_by_pci)(const char*, Handle*) = nullptr;

    Return (*name)(Handle, char*, std::uint32_t) = nullptr;
    Return (*uuid)(Handle, char*, std::uint32_t) = nullptr;
    Return (*serial)(Handle, char*, std::uint32_t) = nullptr;
    Return (*vbios)(Handle, char*, std::uint32_t) = nullptr;
    Return (*pci_info)(Handle, PciInfo*) = nullptr;
    Return (*architecture)(Handle, std::uint32_t*) = nullptr;
    Return (*compute_capability)(Handle, std::int32_t*, std::int32_t*) = nullptr;
    Return (*persistence_mode)(Handle, std::int32_t*) = nullptr;
    Return (*virtualization_mode)(Handle, std::int32_t*) = nullptr;

    Return (*mig_mode)(Handle, std::uint32_t*, std::uint32_t*) = nullptr;
    Return (*mig_device_limit)(Handle, std::uint32_t*) = nullptr;
    Return (*mig_handle_by_index)(Handle, std::uint32_t, Handle*) = nullptr;
    Return (*is_mig_handle)(Handle, std::uint32_t*) = nullptr;
    Return (*parent_of_mig)(Handle, Handle*) = nullptr;

    Return (*total_energy)(Handle, std::uint64_t*) = nullptr;
    Return (*power_usage)(Handle, std::uint32_t*) = nullptr;
    Return (*field_values)(Handle, std::int32_t, FieldValue*) = nullptr;
    Return (*samples)(Handle, std::int32_t, std::uint64_t, ValueType*, std::uint32_t*, Sample*) =
        nullptr;

    Return (*temperature_v)(Handle, Temperature*) = nullptr;
    Return (*temperature)(Handle, std::int32_t, std::uint32_t*) = nullptr;
    Return (*clock)(Handle, std::int32_t, std::uint32_t*) = nullptr;
    Return (*clock_event_reasons)(Handle, std::uint64_t*) = nullptr;
    Return (*utilization)(Handle, Utilization*) = nullptr;
    Return (*memory_v2)(Handle, MemoryV2*) = nullptr;
    Return (*memory)(Handle, Memory*) = nullptr;

    Return (*power_limit)(Handle, std::uint32_t*) = nullptr; // enforced, after all limiters
    Return (*power_limit_default)(Handle, std::uint32_t*) = nullptr;
    Return (*power_limit_range)(Handle, std::uint32_t*, std::uint32_t*) = nullptr;

    // The elements are of one of three sizes, see nvml_processes.hpp.
    Return (*processes_v3)(Handle, std::uint32_t*, void*) = nullptr;
    Return (*processes_v2)(Handle, std::uint32_t*, void*) = nullptr;
    Return (*processes_v1)(Handle, std::uint32_t*, void*) = nullptr;
    bool has_confidential_memory_size = false; // nvmlDeviceGetConfComputeMemSizeInfo is exported
    bool has_process_detail_list = false;      // nvmlDeviceGetRunningProcessDetailList is exported
};

// Finds an exported function by name, nullptr when there is none.
using SymbolLookup = std::function<void*(const char*)>;

// The table for a library with these symbols. Kind::unsupported when a required one is missing.
[[nodiscard]] Result<Functions> resolve(const SymbolLookup& lookup);

class Library {
public:
    // Loads `path`, or by default libnvidia-ml.so.1 and then libnvidia-ml.so by the loader's
    // search, and starts NVML. Kind::unavailable (no driver, no library), Kind::permission or
    // Kind::unsupported, each with the way out.
    [[nodiscard]] static Result<std::shared_ptr<const Library>> open(const std::string& path);

    // The same for a library that is already in memory and stays there.
    [[nodiscard]] static Result<std::shared_ptr<const Library>> start(const SymbolLookup& lookup);

    ~Library();
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    [[nodiscard]] const Functions& call() const { return functions_; }
    [[nodiscard]] const std::optional<std::string>& driver_version() const { return driver_; }
    [[nodiscard]] const std::optional<std::string>& nvml_version() const { return version_; }

private:
    using SharedObject = std::unique_ptr<void, void (*)(void*)>;

    Library(SharedObject object, const Functions& functions);
    static Result<std::shared_ptr<const Library>> start_in(SharedObject object,
                                                           const SymbolLookup& lookup);

    SharedObject object_; // closed after everything else
    Functions functions_;
    std::optional<std::string> driver_;
    std::optional<std::string> version_;
};

} // namespace joulemark::device::nvml
