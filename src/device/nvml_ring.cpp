#include "device/nvml_ring.hpp"

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/units.hpp"
#include "device/device.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_fields.hpp"
#include "device/nvml_library.hpp"
#include "device/nvml_status.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

namespace joulemark::device::nvml {

namespace {

// A larger move of the wall clock against the monotonic one is a step, not the slow pull of NTP.
constexpr Nanoseconds step{std::chrono::milliseconds{10}};
// Drivers keep some ten thousand samples at most.
constexpr std::uint32_t most_samples = 1U << 17U;

Nanoseconds moved(const WallAnchor& from, const WallAnchor& to) {
    return Nanoseconds{std::abs(to.unix_ns - from.unix_ns_at(to.monotonic))};
}

std::int64_t stamp_ns(const Sample& sample) {
    constexpr std::uint64_t limit_us = 9'000'000'000'000'000; // the year 2255
    return static_cast<std::int64_t>(std::min(sample.timestamp_us, limit_us)) * 1000;
}

} // namespace

SampleRing::SampleRing(const Functions& functions, Instant since)
    : functions_(&functions), last_time_(since) {}

Return SampleRing::fetch(Handle handle) {
    buffer_.clear();
    if (functions_->samples == nullptr) {
        return Return::function_not_found;
    }
    if (capacity_ == 0) {
        const Return code =
            functions_->samples(handle, sampling_total_power, 0, &type_, &capacity_, nullptr);
        capacity_ = std::min(capacity_, most_samples);
        if (code != Return::success || capacity_ == 0) {
            capacity_ = 0;
            return code == Return::success ? Return::not_found : code;
        }
    }
    buffer_.resize(capacity_);
    std::uint32_t count = capacity_;
    const Return code = functions_->samples(
        handle, sampling_total_power, last_seen_us_, &type_, &count, buffer_.data());
    if (code == Return::insufficient_size) {
        capacity_ = 0; // it has grown: ask anew next time
    }
    buffer_.resize(code == Return::success ? std::min(count, capacity_) : 0);
    return code;
}

// The stamps are documented as "CPU timestamp" only. The clock that they are near to is theirs.
void SampleRing::recognise_time_line(const WallAnchor& anchor) {
    if (line_ != TimeLine::unknown || buffer_.empty()) {
        return;
    }
    const std::int64_t newest = stamp_ns(buffer_.back());
    const std::int64_t from_wall = std::abs(newest - anchor.unix_ns);
    const std::int64_t from_monotonic = std::abs(newest - count_ns(anchor.monotonic));
    line_ = from_wall <= from_monotonic ? TimeLine::wall : TimeLine::monotonic;
}

Instant SampleRing::time_of(const Sample& sample, const WallAnchor& anchor) const {
    const std::int64_t ns = stamp_ns(sample);
    return line_ == TimeLine::wall ? anchor.monotonic + Nanoseconds{ns - anchor.unix_ns}
                                   : instant_at(ns);
}

// A full ring whose oldest sample does not follow on the last one seen has overwritten some.
void SampleRing::look_for_overrun() {
    if (last_seen_us_ == 0 || buffer_.size() < 2 || buffer_.size() < capacity_) {
        return;
    }
    const std::uint64_t oldest = buffer_.front().timestamp_us;
    const std::uint64_t span = buffer_.back().timestamp_us - oldest;
    const std::uint64_t spacing = span / (buffer_.size() - 1);
    if (oldest > last_seen_us_ && oldest - last_seen_us_ > 2 * spacing) {
        ++statistics_.overruns;
    }
}

std::vector<DriverSample> SampleRing::accept(const WallAnchor& anchor) {
    std::vector<DriverSample> samples;
    samples.reserve(buffer_.size());
    for (const Sample& raw : buffer_) {
        const Instant time = time_of(raw, anchor);
        if (last_seen_us_ == 0 && time <= last_time_) {
            continue; // older than this device: not ours, but no fault either
        }
        const auto power_mw = unsigned_value(type_, raw.value);
        const auto power = power_mw ? watts_from_mw(*power_mw) : std::nullopt;
        if (raw.timestamp_us <= last_seen_us_ || time <= last_time_ ||
            time > anchor.monotonic + step || !power || *power == Watts{0.0}) {
            ++statistics_.dropped;
            continue;
        }
        samples.push_back({time, *power});
        last_time_ = time;
        last_seen_us_ = raw.timestamp_us;
    }
    return samples;
}

bool SampleRing::speaks_of_milliwatts(std::optional<Watts> power_now,
                                      const std::vector<DriverSample>& samples) {
    if (!unit_checked_ && !samples.empty() && power_now.value_or(Watts{0.0}) > Watts{0.0}) {
        // Any other unit is off by a thousand; a load that just began is not.
        const double ratio = samples.back().power / *power_now;
        unit_checked_ = true;
        offered_ = ratio > 0.01 && ratio < 100.0;
    }
    return unit_checked_ && offered_;
}

void SampleRing::skip_to(const WallAnchor& anchor) {
    last_anchor_ = anchor;
    last_time_ = std::max(last_time_, anchor.monotonic);
    if (line_ == TimeLine::wall) {
        last_seen_us_ =
            static_cast<std::uint64_t>(std::max<std::int64_t>(anchor.unix_ns / 1000, 0));
    }
}

Result<std::vector<DriverSample>> SampleRing::take(Handle handle,
                                                   const Clock& clock,
                                                   std::optional<Watts> power_now,
                                                   std::string_view name) {
    std::vector<DriverSample> none;
    if (!offered_) {
        return none;
    }
    const WallAnchor before = clock.anchor();
    const Return code = fetch(handle);
    const WallAnchor after = clock.anchor();
    const Outcome outcome = outcome_of(code);
    if (outcome == Outcome::lost || outcome == Outcome::denied) {
        return tl::unexpected(reading_error(code, name));
    }
    offered_ = outcome != Outcome::absent;
    recognise_time_line(after);
    const bool stepped =
        moved(before, after) > step || moved(last_anchor_.value_or(before), before) > step;
    if (stepped && line_ != TimeLine::monotonic) {
        skip_to(after);
        return none;
    }
    last_anchor_ = after;
    if (buffer_.empty()) {
        return none;
    }
    look_for_overrun();
    std::vector<DriverSample> samples = accept(after);
    return speaks_of_milliwatts(power_now, samples) ? samples : none;
}

} // namespace joulemark::device::nvml
