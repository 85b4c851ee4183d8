// The exported functions: NVML's, in the versions that drivers have, and those of
// fake_nvml_control.h. With FAKE_NVML_OLD_DRIVER only what a driver of about 2013 exports.
#include "fakes/nvml/fake_nvml_control.h"
#include "fakes/nvml/machine.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace {

namespace nvml = joulemark::device::nvml;

using fake_nvml::Gpu;
using fake_nvml::machine;
using fake_nvml::Named;
using fake_nvml::Ns;
using fake_nvml::Scenario;
using nvml::Handle;
using nvml::Return;

Return put_text(std::string_view text, char* out, std::uint32_t size) {
    if (out == nullptr) {
        return Return::invalid_argument;
    }
    if (text.size() >= size) {
        return Return::insufficient_size;
    }
    std::memcpy(out, text.data(), text.size());
    out[text.size()] = '\0';
    return Return::success;
}

template <class T, class U> Return put(T* out, const std::optional<U>& value) {
    if (out == nullptr) {
        return Return::invalid_argument;
    }
    if (!value) {
        return Return::not_supported;
    }
    *out = static_cast<T>(*value);
    return Return::success;
}

template <class T, class U> Return put(T* out, const U& value) {
    return put(out, std::optional<U>(value));
}

std::uint32_t mw(double watts) { return static_cast<std::uint32_t>(watts * 1e3 + 0.5); }

// The code that a GPU's handle is refused with.
Return refusal_of(const Gpu& gpu) {
    return gpu.lost ? Return::gpu_is_lost : gpu.handle_refused.value_or(Return::success);
}

// Writes the handle of the first GPU that `is_it`; removed ones are nowhere.
template <class Predicate>
Return find_handle(Scenario& scenario, Handle* out, const Predicate& is_it) {
    for (std::size_t i = 0; i < scenario.gpus.size(); ++i) {
        if (scenario.gpus[i].removed || !is_it(scenario.gpus[i])) {
            continue;
        }
        const Return refusal = refusal_of(scenario.gpus[i]);
        return refusal == Return::success ? put(out, machine().current_handle(i)) : refusal;
    }
    return Return::not_found;
}

// The handle of the MIG instance with this UUID.
Return find_instance(const Scenario& scenario, std::string_view uuid, Handle* out) {
    for (std::size_t i = 0; i < scenario.gpus.size(); ++i) {
        const Gpu& gpu = scenario.gpus[i];
        if (!gpu.mig) {
            continue;
        }
        const auto found = std::ranges::find(*gpu.mig, uuid);
        if (found != gpu.mig->end()) {
            return put(out,
                       fake_nvml::handle_of(
                           {.gpu = i,
                            .generation = gpu.generation,
                            .instance = static_cast<std::size_t>(found - gpu.mig->begin())}));
        }
    }
    return Return::not_found;
}

// "0000:65:00.0" as a driver finds it: leading zeros of the domain do not count.
std::string_view without_leading_zeros(std::string_view pci) {
    return pci.substr(std::min(pci.find_first_not_of('0'), pci.size()));
}

// Copies the processes as elements of `size` bytes.
Return put_processes(const Gpu& gpu, std::size_t size, std::uint32_t* count, void* out) {
    if (count == nullptr) {
        return Return::invalid_argument;
    }
    const auto have = static_cast<std::uint32_t>(gpu.processes.size());
    if (*count < have) {
        *count = have;
        return Return::insufficient_size;
    }
    *count = have;
    auto* bytes = static_cast<std::byte*>(out);
    for (std::size_t i = 0; i < have; ++i) {
        nvml::ProcessInfo530 info{};
        info.pid = gpu.processes[i].pid;
        info.used_memory_bytes = gpu.processes[i].memory_bytes;
        info.gpu_instance = 0xFFFFFFFF;
        info.compute_instance = 0xFFFFFFFF;
        std::memcpy(bytes + i * size, &info, size);
    }
    return Return::success;
}

Return count_gpus(std::uint32_t* out) {
    return machine().perform("nvmlDeviceGetCount", [&](Scenario& s) {
        return put(out, std::ranges::count(s.gpus, false, &Gpu::removed));
    });
}

Return handle_at(std::uint32_t index, Handle* out) {
    return machine().perform("nvmlDeviceGetHandleByIndex", [&](Scenario& s) {
        std::uint32_t seen = 0;
        const Return code = find_handle(s, out, [&](const Gpu&) { return seen++ == index; });
        return code == Return::not_found ? Return::invalid_argument : code;
    });
}

Return handle_at_pci(const char* id, Handle* out) {
    return machine().perform("nvmlDeviceGetHandleByPciBusId", [&](Scenario& s) {
        return find_handle(s, out, [&](const Gpu& gpu) {
            return without_leading_zeros(gpu.pci) == without_leading_zeros(id);
        });
    });
}

Return start() {
    if (const auto complaint = machine().load_from_environment()) {
        std::fprintf(stderr, "fake NVML: %s\n", complaint->c_str());
        return Return::unknown;
    }
    return machine().start();
}

// Old versions of the struct end before `bus_id`, so they leave it alone.
Return pci_info(Handle handle, nvml::PciInfo* out, bool with_bus_id) {
    return machine().perform_on("nvmlDeviceGetPciInfo", handle, [&](Gpu& gpu, const Named&, Ns) {
        // The legacy form has four digits of domain.
        const std::string_view pci = gpu.pci;
        const std::string_view legacy = pci.substr(std::min<std::size_t>(4, pci.size()));
        put_text(legacy, out->bus_id_legacy.data(), sizeof out->bus_id_legacy);
        return with_bus_id ? put_text(pci, out->bus_id.data(), sizeof out->bus_id)
                           : Return::success;
    });
}

Return memory_v1(Handle handle, nvml::Memory* out) {
    return machine().perform_on("nvmlDeviceGetMemoryInfo", handle, [&](Gpu& gpu, const Named&, Ns) {
        if (gpu.memory_total == 0) {
            return Return::not_supported;
        }
        const std::uint64_t used = gpu.memory_used + gpu.memory_reserved;
        *out = {.total = gpu.memory_total, .free = gpu.memory_total - used, .used = used};
        return Return::success;
    });
}

template <std::size_t Size> Return processes(Handle handle, std::uint32_t* count, void* out) {
    return machine().perform_on(
        "nvmlDeviceGetComputeRunningProcesses", handle, [&](Gpu& gpu, const Named&, Ns) {
            return put_processes(gpu, Size, count, out);
        });
}

Return event_reasons(Handle handle, std::uint64_t* out) {
    return machine().perform_on("nvmlDeviceGetCurrentClocksEventReasons",
                                handle,
                                [&](Gpu& gpu, const Named&, Ns) { return put(out, gpu.reasons); });
}

// The text that `Member` of the GPU holds.
template <std::string Gpu::* Member>
Return text(std::string_view function, Handle handle, char* out, std::uint32_t size) {
    return machine().perform_on(function, handle, [&](Gpu& gpu, const Named&, Ns) {
        return put_text(gpu.*Member, out, size);
    });
}

// One of the two numbers of an optional pair.
Return first_limit(std::string_view function,
                   Handle handle,
                   std::uint32_t* out,
                   double fake_nvml::Limits::* member) {
    return machine().perform_on(function, handle, [&](Gpu& gpu, const Named&, Ns) {
        return gpu.limits ? put(out, mw((*gpu.limits).*member)) : Return::not_supported;
    });
}

} // namespace

extern "C" {

// ---- NVML as every driver has it

Return nvmlInit() { return start(); }
Return nvmlShutdown() { return machine().stop(); }
const char* nvmlErrorString(Return) { return "fake"; }

Return nvmlSystemGetDriverVersion(char* out, std::uint32_t size) {
    return machine().perform("nvmlSystemGetDriverVersion",
                             [&](Scenario& s) { return put_text(s.driver, out, size); });
}
Return nvmlSystemGetNVMLVersion(char* out, std::uint32_t size) {
    return machine().perform("nvmlSystemGetNVMLVersion",
                             [&](Scenario& s) { return put_text(s.nvml, out, size); });
}
Return nvmlDeviceGetCount(std::uint32_t* out) { return count_gpus(out); }
Return nvmlDeviceGetHandleByIndex(std::uint32_t index, Handle* out) {
    return handle_at(index, out);
}
Return nvmlDeviceGetHandleByUUID(const char* uuid, Handle* out) {
    return machine().perform("nvmlDeviceGetHandleByUUID", [&](Scenario& s) {
        const Return code = find_handle(s, out, [&](const Gpu& g) { return g.uuid == uuid; });
        return code == Return::not_found ? find_instance(s, uuid, out) : code;
    });
}
Return nvmlDeviceGetHandleByPciBusId(const char* id, Handle* out) { return handle_at_pci(id, out); }
Return nvmlDeviceGetName(Handle handle, char* out, std::uint32_t size) {
    return text<&Gpu::name>("nvmlDeviceGetName", handle, out, size);
}
Return nvmlDeviceGetUUID(Handle handle, char* out, std::uint32_t size) {
    return machine().perform_on("nvmlDeviceGetUUID", handle, [&](Gpu& gpu, const Named& named, Ns) {
        return put_text(named.instance ? (*gpu.mig)[*named.instance] : gpu.uuid, out, size);
    });
}
Return nvmlDeviceGetSerial(Handle handle, char* out, std::uint32_t size) {
    return text<&Gpu::serial>("nvmlDeviceGetSerial", handle, out, size);
}
Return nvmlDeviceGetVbiosVersion(Handle handle, char* out, std::uint32_t size) {
    return text<&Gpu::vbios>("nvmlDeviceGetVbiosVersion", handle, out, size);
}
Return nvmlDeviceGetPciInfo(Handle handle, nvml::PciInfo* out) {
    return pci_info(handle, out, false);
}
Return nvmlDeviceGetPersistenceMode(Handle handle, std::int32_t* out) {
    return machine().perform_on(
        "nvmlDeviceGetPersistenceMode", handle, [&](Gpu& gpu, const Named&, Ns) {
            return put(out, gpu.persistence);
        });
}
Return nvmlDeviceGetPowerUsage(Handle handle, std::uint32_t* out) {
    return machine().perform_on(
        "nvmlDeviceGetPowerUsage", handle, [&](Gpu& gpu, const Named&, Ns now) {
            const std::optional<fake_nvml::Register>& sensor =
                gpu.usage == Gpu::Usage::average ? gpu.average : gpu.instant;
            if (gpu.usage == Gpu::Usage::none || !sensor) {
                return Return::not_supported;
            }
            return put(out, fake_nvml::shown_mw(gpu, *sensor, now));
        });
}
Return nvmlDeviceGetTemperature(Handle handle, std::int32_t, std::uint32_t* out) {
    return machine().perform_on(
        "nvmlDeviceGetTemperature", handle, [&](Gpu& gpu, const Named&, Ns) {
            return put(out, gpu.temperature);
        });
}
Return nvmlDeviceGetClockInfo(Handle handle, std::int32_t domain, std::uint32_t* out) {
    return machine().perform_on("nvmlDeviceGetClockInfo", handle, [&](Gpu& gpu, const Named&, Ns) {
        if (!gpu.clocks) {
            return Return::not_supported;
        }
        return put(out, domain == nvml::clock_memory ? gpu.clocks->second : gpu.clocks->first);
    });
}
Return nvmlDeviceGetCurrentClocksThrottleReasons(Handle handle, std::uint64_t* out) {
    return event_reasons(handle, out);
}
Return nvmlDeviceGetUtilizationRates(Handle handle, nvml::Utilization* out) {
    return machine().perform_on(
        "nvmlDeviceGetUtilizationRates", handle, [&](Gpu& gpu, const Named&, Ns) {
            if (!gpu.utilisation || gpu.mig_enabled) {
                return Return::not_supported;
            }
            *out = {.gpu = gpu.utilisation->first, .memory = gpu.utilisation->second};
            return Return::success;
        });
}
Return nvmlDeviceGetMemoryInfo(Handle handle, nvml::Memory* out) { return memory_v1(handle, out); }
Return nvmlDeviceGetEnforcedPowerLimit(Handle handle, std::uint32_t* out) {
    return first_limit(
        "nvmlDeviceGetEnforcedPowerLimit", handle, out, &fake_nvml::Limits::current_w);
}
Return nvmlDeviceGetPowerManagementDefaultLimit(Handle handle, std::uint32_t* out) {
    return first_limit(
        "nvmlDeviceGetPowerManagementDefaultLimit", handle, out, &fake_nvml::Limits::default_w);
}
Return nvmlDeviceGetPowerManagementLimitConstraints(Handle handle,
                                                    std::uint32_t* low,
                                                    std::uint32_t* high) {
    return machine().perform_on(
        "nvmlDeviceGetPowerManagementLimitConstraints", handle, [&](Gpu& gpu, const Named&, Ns) {
            if (!gpu.limits) {
                return Return::not_supported;
            }
            put(low, mw(gpu.limits->min_w));
            return put(high, mw(gpu.limits->max_w));
        });
}
Return nvmlDeviceGetComputeRunningProcesses(Handle handle, std::uint32_t* count, void* out) {
    return processes<sizeof(nvml::ProcessInfoV1)>(handle, count, out);
}

// ---- What later drivers added

#ifndef FAKE_NVML_OLD_DRIVER

Return nvmlInit_v2() { return start(); }
Return nvmlDeviceGetCount_v2(std::uint32_t* out) { return count_gpus(out); }
Return nvmlDeviceGetHandleByIndex_v2(std::uint32_t index, Handle* out) {
    return handle_at(index, out);
}
Return nvmlDeviceGetHandleByPciBusId_v2(const char* id, Handle* out) {
    return handle_at_pci(id, out);
}
Return nvmlDeviceGetPciInfo_v2(Handle handle, nvml::PciInfo* out) {
    return pci_info(handle, out, false);
}
Return nvmlDeviceGetPciInfo_v3(Handle handle, nvml::PciInfo* out) {
    return pci_info(handle, out, true);
}
Return nvmlDeviceGetArchitecture(Handle handle, std::uint32_t* out) {
    return machine().perform_on(
        "nvmlDeviceGetArchitecture", handle, [&](Gpu& gpu, const Named&, Ns) {
            return put(out, gpu.architecture);
        });
}
Return nvmlDeviceGetCudaComputeCapability(Handle handle, std::int32_t* major, std::int32_t* minor) {
    return machine().perform_on(
        "nvmlDeviceGetCudaComputeCapability", handle, [&](Gpu& gpu, const Named&, Ns) {
            if (!gpu.capability) {
                return Return::not_supported;
            }
            put(major, gpu.capability->first);
            return put(minor, gpu.capability->second);
        });
}
Return nvmlDeviceGetVirtualizationMode(Handle handle, std::int32_t* out) {
    return machine().perform_on(
        "nvmlDeviceGetVirtualizationMode", handle, [&](Gpu& gpu, const Named&, Ns) {
            return put(out, gpu.virtualization);
        });
}
Return nvmlDeviceGetMigMode(Handle handle, std::uint32_t* current, std::uint32_t* pending) {
    return machine().perform_on("nvmlDeviceGetMigMode", handle, [&](Gpu& gpu, const Named&, Ns) {
        if (!gpu.mig) {
            return Return::not_supported;
        }
        put(pending, gpu.mig_enabled);
        return put(current, gpu.mig_enabled);
    });
}
Return nvmlDeviceGetMaxMigDeviceCount(Handle handle, std::uint32_t* out) {
    return machine().perform_on(
        "nvmlDeviceGetMaxMigDeviceCount", handle, [&](Gpu& gpu, const Named&, Ns) {
            return put(out, gpu.mig ? 14 : 0);
        });
}
// The instances stand at every second place, as after some were destroyed.
Return nvmlDeviceGetMigDeviceHandleByIndex(Handle handle, std::uint32_t index, Handle* out) {
    return machine().perform_on(
        "nvmlDeviceGetMigDeviceHandleByIndex", handle, [&](Gpu& gpu, const Named& named, Ns) {
            const std::size_t place = index / 2;
            if (!gpu.mig || index % 2 == 0 || place >= gpu.mig->size()) {
                return Return::not_found;
            }
            return put(out,
                       fake_nvml::handle_of(
                           {.gpu = named.gpu, .generation = named.generation, .instance = place}));
        });
}
Return nvmlDeviceIsMigDeviceHandle(Handle handle, std::uint32_t* out) {
    return machine().perform_on(
        "nvmlDeviceIsMigDeviceHandle", handle, [&](Gpu&, const Named& named, Ns) {
            return put(out, named.instance ? 1 : 0);
        });
}
Return nvmlDeviceGetDeviceHandleFromMigDeviceHandle(Handle handle, Handle* out) {
    return machine().perform_on(
        "nvmlDeviceGetDeviceHandleFromMigDeviceHandle", handle, [&](Gpu&, const Named& named, Ns) {
            return put(out, fake_nvml::handle_of({named.gpu, named.generation, std::nullopt}));
        });
}
Return nvmlDeviceGetTotalEnergyConsumption(Handle handle, std::uint64_t* out) {
    return machine().perform_on(
        "nvmlDeviceGetTotalEnergyConsumption", handle, [&](Gpu& gpu, const Named&, Ns now) {
            return gpu.counter ? put(out, fake_nvml::counted_mj(gpu, now)) : Return::not_supported;
        });
}
// Succeeds as soon as the call itself does: every field has its own status.
Return nvmlDeviceGetFieldValues(Handle handle, std::int32_t count, nvml::FieldValue* fields) {
    return machine().perform_on(
        "nvmlDeviceGetFieldValues", handle, [&](Gpu& gpu, const Named&, Ns now) {
            if (count <= 0 || fields == nullptr) {
                return Return::invalid_argument;
            }
            for (std::int32_t i = 0; i < count; ++i) {
                machine().fill_field(gpu, now, fields[i]);
            }
            return Return::success;
        });
}
Return nvmlDeviceGetSamples(Handle handle,
                            std::int32_t type,
                            std::uint64_t last_seen_us,
                            nvml::ValueType* value_type,
                            std::uint32_t* count,
                            nvml::Sample* out) {
    return machine().perform_on(
        "nvmlDeviceGetSamples", handle, [&](Gpu& gpu, const Named&, Ns now) {
            if (!gpu.ring || type != nvml::sampling_total_power) {
                return Return::not_supported;
            }
            *value_type = nvml::ValueType::uint32;
            if (out == nullptr) {
                return put(count, gpu.ring->capacity);
            }
            const auto samples = machine().samples_after(gpu, now, last_seen_us);
            if (samples.empty()) {
                return Return::not_found;
            }
            if (samples.size() > *count) {
                return Return::insufficient_size;
            }
            std::ranges::copy(samples, out);
            return put(count, samples.size());
        });
}
Return nvmlDeviceGetTemperatureV(Handle handle, nvml::Temperature* out) {
    return machine().perform_on(
        "nvmlDeviceGetTemperatureV", handle, [&](Gpu& gpu, const Named&, Ns) {
            if (out->version != nvml::version_word<nvml::Temperature>(1)) {
                return Return::argument_version_mismatch;
            }
            return put(&out->celsius, gpu.temperature);
        });
}
Return nvmlDeviceGetCurrentClocksEventReasons(Handle handle, std::uint64_t* out) {
    return event_reasons(handle, out);
}
Return nvmlDeviceGetMemoryInfo_v2(Handle handle, nvml::MemoryV2* out) {
    return machine().perform_on("nvmlDeviceGetMemoryInfo", handle, [&](Gpu& gpu, const Named&, Ns) {
        if (out->version != nvml::version_word<nvml::MemoryV2>(2)) {
            return Return::argument_version_mismatch;
        }
        if (gpu.memory_total == 0) {
            return Return::not_supported;
        }
        out->total = gpu.memory_total;
        out->reserved = gpu.memory_reserved;
        out->used = gpu.memory_used;
        out->free = gpu.memory_total - gpu.memory_used - gpu.memory_reserved;
        return Return::success;
    });
}
Return nvmlDeviceGetComputeRunningProcesses_v2(Handle handle, std::uint32_t* count, void* out) {
    return processes<sizeof(nvml::ProcessInfoV2)>(handle, count, out);
}
Return nvmlDeviceGetComputeRunningProcesses_v3(Handle handle, std::uint32_t* count, void* out) {
    return machine().perform_on(
        "nvmlDeviceGetComputeRunningProcesses", handle, [&](Gpu& gpu, const Named&, Ns) {
            return put_processes(gpu, machine().process_size(), count, out);
        });
}
// Only their being there means something, see src/device/nvml_processes.cpp.
Return nvmlDeviceGetConfComputeMemSizeInfo(Handle, void*) { return Return::not_supported; }
Return nvmlDeviceGetRunningProcessDetailList(Handle, void*) { return Return::not_supported; }

#endif

// ---- Steering

void fake_nvml_reset(void) { machine().reset(); }

void fake_nvml_use_clock(const FakeNvmlClock* clock) { machine().use_clock(clock); }

int fake_nvml_apply(const char* script, char* error, unsigned int error_size) {
    const auto complaint = machine().apply(script);
    if (complaint && error != nullptr && error_size > 0) {
        put_text(std::string_view(*complaint).substr(0, error_size - 1), error, error_size);
    }
    return complaint ? 1 : 0;
}

std::uint64_t fake_nvml_calls(const char* function) { return machine().calls(function); }

int fake_nvml_references(void) { return machine().references(); }

} // extern "C"
