// Finds the stretches without readings: it is told of every reading that was kept, of failures and
// losses, and says when a gap has ended and why it was there. Pure bookkeeping; belongs to one
// thread.
#pragma once

#include "core/time.hpp"
#include "core/trace.hpp"

#include <algorithm>
#include <optional>

namespace joulemark::sampler {

class GapWatch {
public:
    // Longer distances between two readings are gaps. A loss of the device is one however short:
    // its counter may have begun anew.
    explicit GapWatch(Nanoseconds limit) : limit_(limit) {}

    // The recording goes on from `t` even if there was no reading yet.
    void begin(Instant t) { since_ = since_.value_or(t); }
    void read_failed() { reason_ = std::max(reason_, GapReason::read_failed); }
    void device_lost() { reason_ = GapReason::device_lost; }

    // A reading was kept at `t`: the gap that it ends, if there was one.
    std::optional<Gap> kept(Instant t) {
        const std::optional<Gap> gap = ended(t);
        since_ = t;
        reason_ = GapReason::missed_deadline;
        return gap;
    }
    // The recording ends at `t` without another reading.
    [[nodiscard]] std::optional<Gap> ended(Instant t) const {
        if (!since_ || t <= *since_ ||
            (reason_ != GapReason::device_lost && t - *since_ <= limit_)) {
            return std::nullopt;
        }
        return Gap{{*since_, t}, reason_};
    }

private:
    static_assert(GapReason::missed_deadline < GapReason::read_failed &&
                  GapReason::read_failed < GapReason::device_lost);

    Nanoseconds limit_;
    std::optional<Instant> since_; // the last reading, or the beginning
    GapReason reason_ = GapReason::missed_deadline;
};

} // namespace joulemark::sampler
