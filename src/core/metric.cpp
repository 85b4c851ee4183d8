#include "core/metric.hpp"

#include <array>

namespace joulemark {

namespace {

using enum Metric;

constexpr std::array<MetricInfo, metric_count> table{{
    {power,
     Channel::fast,
     MetricKind::gauge,
     Aggregation::sum,
     "power_w",
     "power_watts",
     "joulemark_gpu_power_watts",
     "Power",
     "W",
     "Power of the device as its fastest sensor reports it."},
    {energy_counter,
     Channel::fast,
     MetricKind::counter,
     Aggregation::sum,
     "energy_counter_j",
     "energy_counter_joules",
     "joulemark_gpu_energy_joules_total",
     "Energy counter",
     "J",
     "Energy since an origin of the driver's choosing; only differences mean something."},
    {average_power,
     Channel::fast,
     MetricKind::gauge,
     Aggregation::sum,
     "average_power_w",
     "average_power_watts",
     "joulemark_gpu_average_power_watts",
     "Average power",
     "W",
     "Power averaged by the device over its own long window (one second on recent GPUs)."},
    {temperature,
     Channel::slow,
     MetricKind::gauge,
     Aggregation::max,
     "temperature_c",
     "temperature_celsius",
     "joulemark_gpu_temperature_celsius",
     "Temperature",
     "°C",
     "Temperature of the die."},
    {memory_temperature,
     Channel::slow,
     MetricKind::gauge,
     Aggregation::max,
     "memory_temperature_c",
     "memory_temperature_celsius",
     "joulemark_gpu_memory_temperature_celsius",
     "Memory temperature",
     "°C",
     "Temperature of the device memory."},
    {utilisation,
     Channel::slow,
     MetricKind::gauge,
     Aggregation::mean,
     "utilisation",
     "utilisation_ratio",
     "joulemark_gpu_utilisation_ratio",
     "Utilisation",
     "1",
     "Share of time in which at least one kernel ran, as the driver reports it."},
    {memory_utilisation,
     Channel::slow,
     MetricKind::gauge,
     Aggregation::mean,
     "memory_utilisation",
     "memory_utilisation_ratio",
     "joulemark_gpu_memory_utilisation_ratio",
     "Memory utilisation",
     "1",
     "Share of time in which device memory was read or written."},
    {memory_used,
     Channel::slow,
     MetricKind::gauge,
     Aggregation::sum,
     "memory_used_bytes",
     "memory_used_bytes",
     "joulemark_gpu_memory_used_bytes",
     "Memory used",
     "B",
     "Device memory in use."},
    {sm_clock,
     Channel::slow,
     MetricKind::gauge,
     Aggregation::mean,
     "sm_clock_hz",
     "sm_clock_hertz",
     "joulemark_gpu_sm_clock_hertz",
     "SM clock",
     "Hz",
     "Clock of the compute units."},
    {memory_clock,
     Channel::slow,
     MetricKind::gauge,
     Aggregation::mean,
     "memory_clock_hz",
     "memory_clock_hertz",
     "joulemark_gpu_memory_clock_hertz",
     "Memory clock",
     "Hz",
     "Clock of the device memory."},
    {power_limit,
     Channel::slow,
     MetricKind::gauge,
     Aggregation::sum,
     "power_limit_w",
     "power_limit_watts",
     "joulemark_gpu_power_limit_watts",
     "Power limit",
     "W",
     "Power limit in force after all limiters."},
    {throttle_reasons,
     Channel::slow,
     MetricKind::bits,
     Aggregation::any,
     "throttle_reasons",
     "throttle_reasons",
     "joulemark_gpu_throttle_reasons",
     "Throttle reasons",
     "bits",
     "Reasons why clocks are held down, as the bits of core/throttle.hpp."},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (table[i].metric != static_cast<Metric>(i)) {
            return false;
        }
    }
    return true;
}
static_assert(in_order(), "one row for each metric, in the order of the enumeration");

} // namespace

std::span<const MetricInfo> metric_table() { return table; }

const MetricInfo& info_of(Metric metric) { return table[static_cast<std::size_t>(metric)]; }

std::optional<Metric> metric_with_csv_name(std::string_view csv) {
    for (const MetricInfo& row : table) {
        if (row.csv == csv) {
            return row.metric;
        }
    }
    return std::nullopt;
}

} // namespace joulemark
