// What a fake machine consists of: plain values, filled in by the script (script.hpp) and played by
// the machine (machine.hpp). Times are in nanoseconds on the machine's own time line, which begins
// when it does.
#pragma once

#include "device/nvml_abi.hpp"
#include "fakes/nvml/power_history.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fake_nvml {

using joulemark::device::nvml::Return;
using Ns = std::int64_t;

// The functions of NVML that the fake has, without version suffixes.
inline constexpr std::array function_names = std::to_array<std::string_view>({
    "nvmlInit",
    "nvmlShutdown",
    "nvmlSystemGetDriverVersion",
    "nvmlSystemGetNVMLVersion",
    "nvmlDeviceGetCount",
    "nvmlDeviceGetHandleByIndex",
    "nvmlDeviceGetHandleByUUID",
    "nvmlDeviceGetHandleByPciBusId",
    "nvmlDeviceGetName",
    "nvmlDeviceGetUUID",
    "nvmlDeviceGetSerial",
    "nvmlDeviceGetVbiosVersion",
    "nvmlDeviceGetPciInfo",
    "nvmlDeviceGetArchitecture",
    "nvmlDeviceGetCudaComputeCapability",
    "nvmlDeviceGetPersistenceMode",
    "nvmlDeviceGetVirtualizationMode",
    "nvmlDeviceGetMigMode",
    "nvmlDeviceGetMaxMigDeviceCount",
    "nvmlDeviceGetMigDeviceHandleByIndex",
    "nvmlDeviceIsMigDeviceHandle",
    "nvmlDeviceGetDeviceHandleFromMigDeviceHandle",
    "nvmlDeviceGetTotalEnergyConsumption",
    "nvmlDeviceGetPowerUsage",
    "nvmlDeviceGetFieldValues",
    "nvmlDeviceGetSamples",
    "nvmlDeviceGetTemperatureV",
    "nvmlDeviceGetTemperature",
    "nvmlDeviceGetClockInfo",
    "nvmlDeviceGetCurrentClocksEventReasons",
    "nvmlDeviceGetUtilizationRates",
    "nvmlDeviceGetMemoryInfo",
    "nvmlDeviceGetEnforcedPowerLimit",
    "nvmlDeviceGetPowerManagementDefaultLimit",
    "nvmlDeviceGetPowerManagementLimitConstraints",
    "nvmlDeviceGetComputeRunningProcesses",
    "nvmlDeviceGetConfComputeMemSizeInfo",
    "nvmlDeviceGetRunningProcessDetailList",
    "nvmlErrorString",
});

// A register that is refreshed every `update` with the mean over the `window` before.
struct Register {
    Ns update = 100'000'000;
    Ns window = 100'000'000;
};

struct Counter {
    Ns tick = 100'000'000;
    double offset_j = 0.0; // added to the energy since the machine began
};

struct Ring {
    enum class Line { wall, monotonic };
    enum class Stamps { good, repeating, backwards };
    Ns period = 20'000'000;
    std::uint32_t capacity = 120;
    Line line = Line::wall;
    Stamps stamps = Stamps::good;
    double units_per_watt = 1000.0;
};

// What a script says about one field, against what the GPU would answer by itself. Absent: as it
// would.
struct FieldOverride {
    std::uint32_t id = 0;
    std::uint32_t scope = 0;
    std::optional<Return> code;
    std::optional<std::uint64_t> value;
    std::optional<std::int32_t> type;
    std::optional<std::int64_t> stamp_us;
    bool untouched = false; // the driver does not write into it at all
};

struct Limited {
    std::uint32_t field = 0;
    Ns from = 0;
    Ns to = 0;
};

struct Process {
    std::uint32_t pid = 0;
    std::uint64_t memory_bytes = 0;
};

struct Failure {
    Return code = Return::success;
    std::uint64_t times = 0;
};
// By function name; the next calls return these codes, one after the other.
using Failures = std::map<std::string, std::vector<Failure>, std::less<>>;

struct Limits {
    double current_w = 700.0;
    double default_w = 700.0;
    double min_w = 200.0;
    double max_w = 700.0;
};

struct Gpu {
    std::string name = "Fake GPU";
    std::string uuid;
    std::string serial = "1650000000000";
    std::string vbios = "96.00.99.00.01";
    std::string pci;
    std::optional<std::uint32_t> architecture;
    std::optional<std::pair<int, int>> capability;

    std::optional<Wave> next_power; // begins when the script is carried out
    PowerHistory power;
    std::optional<Register> instant;
    std::optional<Register> average;
    enum class Usage { none, instant, average } usage = Usage::instant;
    std::optional<Counter> counter;
    std::optional<double> next_counter_j; // what the counter shows when the script is carried out
    std::optional<Ring> ring;
    Ns refresh_latency = 20'000;
    std::vector<FieldOverride> fields;

    std::vector<Limited> limited;
    std::optional<std::uint64_t> reasons = 0;
    std::optional<int> temperature = 40;
    std::optional<std::uint32_t> memory_temperature;
    std::optional<std::pair<std::uint32_t, std::uint32_t>> utilisation{{50, 20}};
    std::uint64_t memory_total = 80ULL << 30U;
    std::uint64_t memory_used = 8ULL << 30U;
    std::uint64_t memory_reserved = 512ULL << 20U;
    std::optional<std::pair<std::uint32_t, std::uint32_t>> clocks{{1500, 2000}}; // MHz
    std::optional<Limits> limits = Limits{};
    std::optional<bool> persistence = true;
    std::int32_t virtualization = 0;
    std::optional<std::vector<std::string>>
        mig; // absent: no MIG; empty: MIG off or without instances
    bool mig_enabled = false;
    std::vector<Process> processes;

    std::optional<Return> handle_refused;
    bool lost = false;
    bool removed = false;
    std::optional<std::pair<Ns, Ns>> lost_between;
    std::uint32_t generation = 0; // part of the handle: a GPU that comes back has a new one
    Failures failures;
    std::map<std::string, Ns, std::less<>> latencies;
};

struct Scenario {
    std::string driver = "580.65.06";
    std::string nvml = "13.580.65.06";
    std::size_t process_size = 24; // of an element of the newest process list
    std::vector<Gpu> gpus;
    Failures failures;
    std::map<std::string, Ns, std::less<>> latencies; // by function; "" for all others
};

} // namespace fake_nvml
