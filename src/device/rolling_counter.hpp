// Turns what an energy register shows into a count that never wraps: RAPL registers start again at
// 0 after `max_energy_range_uj`, GPU registers are 32 bits wide behind a driver that widens them
// only when asked. A wrap is only believed when it is possible: the energy it implies must fit the
// time that passed. What cannot be explained (driver reload, suspend, a pause in which a whole wrap
// may hide) starts the count over at 0, which readers see as a counter that went backwards:
// reported, never bridged. One owner, one thread.
#pragma once

#include "core/time.hpp"
#include "core/units.hpp"

#include <optional>

namespace joulemark::device {

struct RollingLimits {
    std::optional<Joules> range; // the register wraps here; nothing: it does not wrap
    Watts highest_power{2000.0}; // more than anything behind such a register draws
    // Longest pause between two readings that is sure to hide no wrap; nothing: any pause is safe.
    std::optional<Seconds> longest_pause;

    // A register that wraps at `range`: the pause in which `highest_power` would use it up.
    [[nodiscard]] static RollingLimits wrapping_at(Joules range);
};

class RollingCounter {
public:
    explicit RollingCounter(RollingLimits limits) : limits_(limits) {}

    // The register's value at `time` as energy on a line without wraps.
    [[nodiscard]] Joules follow(Joules raw, Instant time);
    // Forgets what came before: the device was lost in between.
    void start_over() { lost_ = true; }

private:
    // The range, when the step from `last` to `raw` is a wrap.
    [[nodiscard]] std::optional<Joules> wrap(Joules last, Joules raw, Seconds pause) const;

    RollingLimits limits_;
    std::optional<Joules> last_raw_;
    Instant last_time_;
    Joules offset_;
    bool lost_ = false;
};

} // namespace joulemark::device
