#include "device/rolling_counter.hpp"

#include "core/time.hpp"
#include "core/units.hpp"

#include <optional>

namespace joulemark::device {

namespace {

// A register that moves every few milliseconds shows up to one step more than the pause explains.
constexpr Seconds step_slack = 1_s;

} // namespace

RollingLimits RollingLimits::wrapping_at(Joules range) {
    RollingLimits limits;
    limits.range = range;
    limits.longest_pause = range / limits.highest_power;
    return limits;
}

std::optional<Joules> RollingCounter::wrap(Joules last, Joules raw, Seconds pause) const {
    if (!limits_.range || raw > *limits_.range) {
        return std::nullopt;
    }
    const Joules implied = raw + *limits_.range - last;
    const bool possible = implied <= limits_.highest_power * (pause + step_slack);
    return possible ? limits_.range : std::nullopt;
}

Joules RollingCounter::follow(Joules raw, Instant time) {
    if (last_raw_) {
        const Seconds pause = to_seconds(time - last_time_);
        const bool too_long = limits_.longest_pause && pause > *limits_.longest_pause;
        if (lost_ || too_long) {
            offset_ = -raw;
        } else if (raw < *last_raw_) {
            const auto range = wrap(*last_raw_, raw, pause);
            offset_ = range ? offset_ + *range : -raw;
        }
    }
    lost_ = false;
    last_raw_ = raw;
    last_time_ = time;
    return raw + offset_;
}

} // namespace joulemark::device
