// Points and spans of time. All arithmetic is on the monotonic time line in integer nanoseconds;
// wall-clock time is only ever attached to it by a `WallAnchor`, because wall clocks step (NTP,
// suspend, people).
#pragma once

#include "core/units.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace joulemark {

using Nanoseconds = std::chrono::nanoseconds;

// Tag of the monotonic time line (CLOCK_MONOTONIC on Linux). Time is read through `Clock`, never
// from here.
struct MonotonicTimeline {
    using duration = Nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<MonotonicTimeline>;
    static constexpr bool is_steady = true;
};

using Instant = MonotonicTimeline::time_point;

[[nodiscard]] constexpr Instant instant_at(std::int64_t ns) { return Instant{Nanoseconds{ns}}; }
[[nodiscard]] constexpr std::int64_t count_ns(Instant t) { return t.time_since_epoch().count(); }

[[nodiscard]] constexpr Seconds to_seconds(Nanoseconds d) {
    return Seconds{static_cast<double>(d.count()) * 1e-9};
}
// Rounded to the nearest nanosecond. The caller keeps |s| below 9.2e9 s (292 years).
[[nodiscard]] constexpr Nanoseconds to_nanoseconds(Seconds s) {
    const double ns = s.value() * 1e9;
    return Nanoseconds{static_cast<std::int64_t>(ns < 0 ? ns - 0.5 : ns + 0.5)};
}

// One moment seen on both clocks.
struct WallAnchor {
    Instant monotonic;
    std::int64_t unix_ns = 0;

    [[nodiscard]] constexpr std::int64_t unix_ns_at(Instant t) const {
        return unix_ns + (t - monotonic).count();
    }
    friend constexpr bool operator==(const WallAnchor&, const WallAnchor&) = default;
};

// A closed stretch of time, begin <= end.
struct Window {
    Instant begin;
    Instant end;

    [[nodiscard]] constexpr Nanoseconds length() const { return end - begin; }
    [[nodiscard]] constexpr bool contains(Instant t) const { return begin <= t && t <= end; }
    friend constexpr bool operator==(const Window&, const Window&) = default;
};

// ISO 8601 in UTC with milliseconds: "2026-11-20T18:07:00.123Z".
[[nodiscard]] std::string iso8601_utc(std::int64_t unix_ns);

} // namespace joulemark
