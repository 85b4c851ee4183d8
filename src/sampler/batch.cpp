#include "sampler/batch.hpp"

#include "core/metric.hpp"
#include "core/trace.hpp"
#include "device/device.hpp"

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace joulemark::sampler {

namespace {

std::optional<double> plain(std::optional<double> value) { return value; }

std::optional<double> plain(std::optional<std::uint32_t> bits) {
    return bits ? std::optional<double>(*bits) : std::nullopt;
}

template <class Q> std::optional<double> plain(const std::optional<Q>& quantity) {
    return quantity ? std::optional<double>(quantity->value()) : std::nullopt;
}

// Into the newest row; earlier rows without a value become missing.
template <class Q> void put(Columns& columns, Metric metric, const Q& quantity) {
    const std::optional<double> value = plain(quantity);
    if (value) {
        std::vector<double>& column = columns.values(metric);
        column.resize(columns.size() - 1, missing_reading);
        column.push_back(*value);
    }
}

void complete_channel(Columns& columns, Channel channel, std::bitset<metric_count>& known) {
    for (const MetricInfo& row : metric_table()) {
        if (row.channel != channel) {
            continue;
        }
        const auto index = static_cast<std::size_t>(row.metric);
        std::vector<double>& column = columns.values(row.metric);
        if (!column.empty()) {
            known.set(index);
        }
        if (known.test(index)) {
            column.resize(columns.size(), missing_reading);
        }
    }
}

} // namespace

void Batch::add(const device::FastReading& reading) {
    fast_.time.push_back(reading.time);
    put(fast_, Metric::power, reading.power);
    put(fast_, Metric::energy_counter, reading.energy_counter);
    put(fast_, Metric::average_power, reading.average_power);
}

void Batch::add(const device::SlowReading& reading) {
    slow_.time.push_back(reading.time);
    put(slow_, Metric::temperature, reading.temperature);
    put(slow_, Metric::memory_temperature, reading.memory_temperature);
    put(slow_, Metric::utilisation, reading.utilisation);
    put(slow_, Metric::memory_utilisation, reading.memory_utilisation);
    put(slow_, Metric::memory_used, reading.memory_used);
    put(slow_, Metric::sm_clock, reading.sm_clock);
    put(slow_, Metric::memory_clock, reading.memory_clock);
    put(slow_, Metric::power_limit, reading.power_limit);
    put(slow_, Metric::throttle_reasons, reading.throttle_reasons);
}

void Batch::complete() {
    complete_channel(fast_, Channel::fast, known_);
    complete_channel(slow_, Channel::slow, known_);
}

void Batch::clear() {
    fast_.clear();
    slow_.clear();
}

} // namespace joulemark::sampler
