// The part of NVIDIA's management library (NVML) that joulemark calls, in its binary form on 64-bit
// Linux: own declarations, because the library is opened at run time and its header is in no free
// package. Layouts are those of NVML 13.3 and are checked below byte by byte. Vendor units (mW, mJ,
// MHz, µs) appear in names and die in the nvml_* files. Constants and plain structs only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace joulemark::device::nvml {

// nvmlReturn_t. Any other number may come from a future driver and is a valid value of this type.
enum class Return : std::int32_t {
    success = 0,
    uninitialized = 1,
    invalid_argument = 2,
    not_supported = 3,
    no_permission = 4,
    already_initialized = 5,
    not_found = 6,
    insufficient_size = 7,
    insufficient_power = 8,
    driver_not_loaded = 9,
    timeout = 10,
    irq_issue = 11,
    library_not_found = 12,
    function_not_found = 13,
    corrupted_inforom = 14,
    gpu_is_lost = 15,
    reset_required = 16,
    operating_system = 17,
    lib_rm_version_mismatch = 18,
    in_use = 19,
    memory = 20,
    no_data = 21,
    vgpu_ecc_not_supported = 22,
    insufficient_resources = 23,
    freq_not_supported = 24,
    argument_version_mismatch = 25,
    deprecated = 26,
    not_ready = 27,
    gpu_not_found = 28,
    invalid_state = 29,
    reset_type_not_supported = 30,
    unknown = 999,
};

// nvmlDevice_t: opaque, passed by value.
struct DeviceObject;
using Handle = DeviceObject*;

// nvmlValueType_t: which member of Value is filled.
enum class ValueType : std::int32_t {
    float64 = 0,
    uint32 = 1,
    ulong = 2,
    uint64 = 3,
    int64 = 4,
    int32 = 5,
    uint16 = 6,
};

union Value {
    double float64;
    std::int32_t int32;
    std::uint32_t uint32;
    unsigned long ulong;
    std::uint64_t uint64;
    std::int64_t int64;
    std::uint16_t uint16;
};
static_assert(sizeof(Value) == 8 && alignof(Value) == 8 && sizeof(unsigned long) == 8);

struct FieldValue { // nvmlFieldValue_t
    std::uint32_t field_id;
    std::uint32_t scope_id;
    std::int64_t timestamp_us; // wall clock; 0 when the driver did not say
    std::int64_t latency_us;   // how long NVML took to refresh the value
    ValueType value_type;
    Return status;
    Value value;
};
static_assert(sizeof(FieldValue) == 40 && alignof(FieldValue) == 8);
static_assert(offsetof(FieldValue, scope_id) == 4 && offsetof(FieldValue, timestamp_us) == 8 &&
              offsetof(FieldValue, latency_us) == 16 && offsetof(FieldValue, value_type) == 24 &&
              offsetof(FieldValue, status) == 28 && offsetof(FieldValue, value) == 32);

struct Sample { // nvmlSample_t
    std::uint64_t timestamp_us;
    Value value;
};
static_assert(sizeof(Sample) == 16 && offsetof(Sample, value) == 8);

struct Memory { // nvmlMemory_t, bytes; `used` includes what the driver reserves
    std::uint64_t total;
    std::uint64_t free;
    std::uint64_t used;
};
static_assert(sizeof(Memory) == 24 && offsetof(Memory, used) == 16);

struct MemoryV2 { // nvmlMemory_v2_t, bytes
    std::uint32_t version;
    std::uint64_t total;
    std::uint64_t reserved;
    std::uint64_t free;
    std::uint64_t used;
};
static_assert(sizeof(MemoryV2) == 40 && offsetof(MemoryV2, total) == 8 &&
              offsetof(MemoryV2, used) == 32);

struct Utilization { // nvmlUtilization_t, percent
    std::uint32_t gpu;
    std::uint32_t memory;
};
static_assert(sizeof(Utilization) == 8);

struct PciInfo { // nvmlPciInfo_t of version 3; older calls leave `bus_id` untouched
    std::array<char, 16> bus_id_legacy;
    std::uint32_t domain;
    std::uint32_t bus;
    std::uint32_t device;
    std::uint32_t pci_device_id;
    std::uint32_t pci_subsystem_id;
    std::array<char, 32> bus_id;
};
static_assert(sizeof(PciInfo) == 68 && alignof(PciInfo) == 4 && offsetof(PciInfo, domain) == 16 &&
              offsetof(PciInfo, bus_id) == 36);

struct Temperature { // nvmlTemperature_v1_t
    std::uint32_t version;
    std::int32_t sensor; // 0: GPU die
    std::int32_t celsius;
};
static_assert(sizeof(Temperature) == 12 && offsetof(Temperature, celsius) == 8);

// nvmlProcessInfo_t grew with the drivers; which one a call fills depends on its symbol, see
// nvml_processes.cpp.
struct ProcessInfoV1 {
    std::uint32_t pid;
    std::uint64_t used_memory_bytes; // all ones: unknown
};
struct ProcessInfoV2 {
    std::uint32_t pid;
    std::uint64_t used_memory_bytes;
    std::uint32_t gpu_instance;
    std::uint32_t compute_instance;
};
struct ProcessInfo530 {
    std::uint32_t pid;
    std::uint64_t used_memory_bytes;
    std::uint32_t gpu_instance;
    std::uint32_t compute_instance;
    std::uint64_t protected_memory_bytes;
};
static_assert(sizeof(ProcessInfoV1) == 16 && offsetof(ProcessInfoV1, used_memory_bytes) == 8);
static_assert(sizeof(ProcessInfoV2) == 24 && offsetof(ProcessInfoV2, gpu_instance) == 16);
static_assert(sizeof(ProcessInfo530) == 32 &&
              offsetof(ProcessInfo530, protected_memory_bytes) == 24);

// The version word of a versioned struct.
template <class T> constexpr std::uint32_t version_word(std::uint32_t version) {
    return static_cast<std::uint32_t>(sizeof(T)) | (version << 24U);
}
static_assert(version_word<MemoryV2>(2) == 0x02000028);
static_assert(version_word<Temperature>(1) == 0x0100000C);

// Field ids of nvmlDeviceGetFieldValues.
namespace field {
inline constexpr std::uint32_t throttled_by_power = 74; // 74 to 79 and 269 to 271: ns
inline constexpr std::uint32_t throttled_by_heat = 75;
inline constexpr std::uint32_t throttled_by_board_limit = 77;
inline constexpr std::uint32_t throttled_by_low_utilisation = 78;
inline constexpr std::uint32_t throttled_by_reliability = 79;
inline constexpr std::uint32_t memory_temperature = 82; // °C
inline constexpr std::uint32_t total_energy = 83;       // mJ since the driver was loaded
inline constexpr std::uint32_t average_power = 185;     // mW over 1 s
inline constexpr std::uint32_t instant_power = 186;     // mW
inline constexpr std::uint32_t scoped_energy = 191;     // mJ, with a scope
inline constexpr std::uint32_t smoothing_enabled = 251; // power smoothing, Blackwell and newer
inline constexpr std::uint32_t smoothing_ceiling = 254; // W
inline constexpr std::uint32_t smoothing_floor = 255;   // W
inline constexpr std::uint32_t smoothing_profile = 264;
inline constexpr std::uint32_t throttled_by_software_heat = 269;
inline constexpr std::uint32_t throttled_by_hardware_heat = 270;
inline constexpr std::uint32_t throttled_by_power_brake = 271;
inline constexpr std::uint32_t smoothing_primary_floor = 275; // W
} // namespace field

// Scopes of the power fields 185 to 192.
enum class Scope : std::uint32_t { gpu = 0, module = 1, memory = 2 };

// Bits of nvmlDeviceGetCurrentClocksEventReasons.
namespace reason {
inline constexpr std::uint64_t gpu_idle = 0x001;
inline constexpr std::uint64_t application_clocks = 0x002;
inline constexpr std::uint64_t software_power_cap = 0x004;
inline constexpr std::uint64_t hardware_slowdown = 0x008;
inline constexpr std::uint64_t sync_boost = 0x010;
inline constexpr std::uint64_t software_thermal = 0x020;
inline constexpr std::uint64_t hardware_thermal = 0x040;
inline constexpr std::uint64_t hardware_power_brake = 0x080;
inline constexpr std::uint64_t display_clocks = 0x100;
} // namespace reason

inline constexpr std::int32_t temperature_sensor_gpu = 0;
inline constexpr std::int32_t sampling_total_power = 0;
inline constexpr std::int32_t clock_sm = 1;
inline constexpr std::int32_t clock_memory = 2;
inline constexpr std::int32_t virtualization_vgpu_guest = 2;
inline constexpr std::int32_t virtualization_vgpu_host = 3;
inline constexpr std::int32_t virtualization_vsga_host = 4;
inline constexpr std::uint32_t architecture_unknown = 0xFFFFFFFF;
inline constexpr std::uint64_t memory_unknown = ~std::uint64_t{0};

// Buffer sizes that every driver is content with.
inline constexpr std::uint32_t name_size = 96;
inline constexpr std::uint32_t uuid_size = 96;
inline constexpr std::uint32_t version_size = 80;
inline constexpr std::uint32_t vbios_size = 32;
inline constexpr std::uint32_t serial_size = 30;

} // namespace joulemark::device::nvml
