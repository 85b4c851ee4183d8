// The metric table: every quantity a device can report over time, once. CSV headers, JSON keys,
// Prometheus names, store columns and docs/reference/metrics.md are generated from it. Constant
// data; safe from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace joulemark {

enum class Metric {
    power,
    energy_counter,
    average_power,
    temperature,
    memory_temperature,
    utilisation,
    memory_utilisation,
    memory_used,
    sm_clock,
    memory_clock,
    power_limit,
    throttle_reasons,
};
inline constexpr std::size_t metric_count = 12;

// Fast metrics are read at every sample, slow ones at their own, longer period.
enum class Channel { fast, slow };
enum class MetricKind { gauge, counter, bits };
enum class Aggregation { sum, mean, max, any }; // over devices

struct MetricInfo {
    Metric metric;
    Channel channel;
    MetricKind kind;
    Aggregation aggregation;
    std::string_view csv;        // column header, with unit: "power_w"
    std::string_view json;       // key: "power_watts"
    std::string_view prometheus; // "joulemark_gpu_power_watts"
    std::string_view label;      // for people: "Power"
    std::string_view unit;       // "W", "J", "°C", "1", "B", "Hz", "bits"
    std::string_view help;
};

[[nodiscard]] std::span<const MetricInfo> metric_table();
[[nodiscard]] const MetricInfo& info_of(Metric metric);
[[nodiscard]] std::optional<Metric> metric_with_csv_name(std::string_view csv);

} // namespace joulemark
