#include "device/rolling_counter.hpp"

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

bool RollingCounter::is_wrap(Joules raw, Seconds pause) const {
    if (!limits_.range || raw > *limits_.range) {
        return false;
    }
    return raw + *limits_.range - *last_raw_ <= limits_.highest_power * (pause + step_slack);
}

Joules RollingCounter::follow(Joules raw, Instant time) {
    if (last_raw_) {
        const Seconds pause = to_seconds(time - last_time_);
        const bool too_long = limits_.longest_pause && pause > *limits_.longest_pause;
        if (lost_ || too_long) {
            offset_ = -raw;
        } else if (raw < *last_raw_) {
            offset_ = is_wrap(raw, pause) ? offset_ + *limits_.range : -raw;
        }
    }
    lost_ = false;
    last_raw_ = raw;
    last_time_ = time;
    return raw + offset_;
}

} // namespace joulemark::device
