#include "device/replay_device.hpp"

#include "core/clock.hpp"
#include "core/device_info.hpp"
#include "core/metric.hpp"
#include "core/result.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"
#include "core/units.hpp"
#include "device/device.hpp"
#include "device/power_log.hpp"

#include <fmt/format.h>
#include <tl/expected.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace joulemark::device {

namespace {

// How long one row of the log stands for.
Nanoseconds row_interval(const Trace& trace) {
    if (trace.info().interval > Nanoseconds{0}) {
        return trace.info().interval;
    }
    const auto& time = trace.fast().time;
    if (time.size() < 2) {
        return Nanoseconds{0};
    }
    return (time.back() - time.front()) / static_cast<std::int64_t>(time.size() - 1);
}

// The newest row at `t`; nothing before the first.
std::optional<std::size_t> row_at(const Columns& columns, Instant t) {
    const auto after = std::ranges::upper_bound(columns.time, t);
    if (after == columns.time.begin()) {
        return std::nullopt;
    }
    return static_cast<std::size_t>(after - columns.time.begin()) - 1;
}

class ReplayDevice final : public Device {
public:
    ReplayDevice(Trace trace, DeviceInfo info, Instant end, Playback playback, Clock& clock)
        : trace_(std::move(trace)), info_(std::move(info)), clock_(clock), end_(end),
          playback_(playback) {}

    [[nodiscard]] const DeviceInfo& info() const override { return info_; }
    [[nodiscard]] Result<FastReading> read_fast() override;
    [[nodiscard]] Result<SlowReading> read_slow() override;
    [[nodiscard]] Result<void> reopen() override { return tl::unexpected(ended()); }

private:
    [[nodiscard]] Error ended() const { return {Kind::not_found, "the log has ended", info_.name}; }
    // The log's own time at the clock's `now`.
    [[nodiscard]] Instant log_time(Instant now) const {
        return playback_.log_begin + (now - playback_.start);
    }
    // The value of the log at its time `t`, from the fast or the slow columns.
    [[nodiscard]] std::optional<double> value(Metric metric, Instant t) const;
    template <class Q> [[nodiscard]] std::optional<Q> quantity(Metric metric, Instant t) const {
        const auto si = value(metric, t);
        return si ? std::optional<Q>(Q{*si}) : std::nullopt;
    }

    Trace trace_;
    DeviceInfo info_;
    Clock& clock_;
    Instant end_; // on the log's time line
    Playback playback_;
};

std::optional<double> ReplayDevice::value(Metric metric, Instant t) const {
    const Columns& columns = trace_.fast().has(metric) ? trace_.fast() : trace_.slow();
    if (!columns.has(metric)) {
        return std::nullopt;
    }
    const auto row = row_at(columns, t);
    if (!row) {
        return std::nullopt;
    }
    const double found = columns.values(metric)[*row];
    return std::isnan(found) ? std::nullopt : std::optional(found);
}

Result<FastReading> ReplayDevice::read_fast() {
    const Instant now = clock_.now();
    const Instant t = log_time(now);
    if (t > end_) {
        return tl::unexpected(ended());
    }
    for (const Gap& gap : trace_.report().gaps) {
        if (gap.window.begin < t && t < gap.window.end) {
            return fail(Kind::unavailable, "the log has a gap here", info_.name);
        }
    }
    FastReading reading;
    reading.time = now;
    reading.power = quantity<Watts>(Metric::power, t);
    reading.energy_counter = quantity<Joules>(Metric::energy_counter, t);
    reading.average_power = quantity<Watts>(Metric::average_power, t);
    if (!reading.power && !reading.energy_counter && !reading.average_power) {
        return fail(Kind::unavailable, "the log has no reading here", info_.name);
    }
    return reading;
}

Result<SlowReading> ReplayDevice::read_slow() {
    const Instant now = clock_.now();
    const Instant t = log_time(now);
    if (t > end_) {
        return tl::unexpected(ended());
    }
    SlowReading reading;
    reading.time = now;
    reading.temperature = quantity<Celsius>(Metric::temperature, t);
    reading.memory_temperature = quantity<Celsius>(Metric::memory_temperature, t);
    reading.utilisation = value(Metric::utilisation, t);
    reading.memory_utilisation = value(Metric::memory_utilisation, t);
    reading.memory_used = quantity<Bytes>(Metric::memory_used, t);
    reading.sm_clock = quantity<Hertz>(Metric::sm_clock, t);
    reading.memory_clock = quantity<Hertz>(Metric::memory_clock, t);
    reading.power_limit = quantity<Watts>(Metric::power_limit, t);
    if (const auto bits = value(Metric::throttle_reasons, t);
        bits && *bits >= 0 && *bits < 0x1p32) {
        reading.throttle_reasons = static_cast<std::uint32_t>(*bits);
    }
    return reading;
}

} // namespace

Result<std::unique_ptr<Device>> replay(Trace trace,
                                       std::string name,
                                       Playback playback,
                                       Clock& clock) {
    const auto extent = trace.extent();
    if (!extent) {
        return fail(Kind::parse, "the log has no readings of this device", std::move(name));
    }
    DeviceInfo info = trace.info().device;
    info.notes.insert(info.notes.begin(),
                      fmt::format("Played back from a log of {}.",
                                  info.name.empty() ? "another time" : info.name));
    info.backend = "replay";
    info.name = std::move(name);
    const Instant end = extent->end + row_interval(trace);
    return std::make_unique<ReplayDevice>(std::move(trace), std::move(info), end, playback, clock);
}

Result<std::vector<std::unique_ptr<Device>>> open_replay(std::string_view path, Clock& clock) {
    const std::string file(path);
    PowerLogOptions options;
    options.source_name = file;
    auto log = read_power_log_file(file, std::move(options));
    if (!log) {
        return tl::unexpected(log.error());
    }
    std::vector<std::unique_ptr<Device>> devices;
    const bool several = log->traces.size() > 1;
    std::optional<Instant> log_begin;
    for (const Trace& trace : log->traces) {
        if (const auto extent = trace.extent()) {
            log_begin = std::min(log_begin.value_or(extent->begin), extent->begin);
        }
    }
    const Playback playback{log_begin.value_or(Instant{}), clock.now()};
    for (Trace& trace : log->traces) {
        std::string name = "replay:" + printable(path);
        if (several) {
            name += fmt::format("#{}", devices.size());
        }
        auto device = replay(std::move(trace), std::move(name), playback, clock);
        if (!device) {
            return tl::unexpected(device.error());
        }
        devices.push_back(std::move(*device));
    }
    return devices;
}

} // namespace joulemark::device
