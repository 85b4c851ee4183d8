// When to read next: deadlines on a fixed grid that never drifts, and the pace of the adaptive
// mode. Pure functions of values; no clock, no thread.
#pragma once

#include "core/time.hpp"
#include "core/units.hpp"

#include <cstdint>
#include <optional>

namespace joulemark::sampler {

// The moments start + n * period, n = 0, 1, 2 ... Moments before `start` belong to the grid too.
// period > 0.
struct Grid {
    Instant start;
    Nanoseconds period{1};

    // The n of the last moment at or before `t`.
    [[nodiscard]] constexpr std::int64_t index_at(Instant t) const {
        const std::int64_t distance = (t - start).count();
        const std::int64_t quotient = distance / period.count();
        return distance % period.count() < 0 ? quotient - 1 : quotient;
    }
    [[nodiscard]] constexpr Instant moment(std::int64_t index) const {
        return start + index * period;
    }
};

struct Step {
    Instant deadline;
    std::uint64_t missed =
        0; // moments of the grid that went by between the last deadline and this one
};

// The deadline that follows `last` when it is `now`: the first moment of the grid after `last` that
// is not past. A reading that comes late stands for the deadline it was taken for; those it made go
// by are missed.
[[nodiscard]] constexpr Step next_deadline(const Grid& grid, Instant last, Instant now) {
    const std::int64_t following = grid.index_at(last) + 1;
    if (now <= grid.moment(following)) {
        return {grid.moment(following), 0};
    }
    const std::int64_t reachable = grid.index_at(now - Nanoseconds{1}) + 1;
    return {grid.moment(reachable), static_cast<std::uint64_t>(reachable - following)};
}

// What counts as a ramp and what as steady, relative to the power level that was steady last. The
// distance between the two thresholds is the hysteresis: a load that sits between them changes
// nothing.
struct PaceRules {
    double ramp_share = 0.04;
    double calm_share = 0.02;
    Watts ramp_floor{4.0}; // noise of an idle device is no ramp
    Watts calm_floor{2.0};
    int calm_readings = 8;           // in a row, before the pace is halved
    std::int64_t slowest_stride = 1; // in intervals, a power of two
};

// How many intervals to wait between readings, and what the decision rests on.
struct Pace {
    std::int64_t stride = 1;
    int calm = 0;
    std::optional<Watts> level;
};

// The pace after one more reading: full speed at once on a ramp, half as fast after each
// `calm_readings` steady ones. A device that says no power is read at full speed always.
[[nodiscard]] Pace next_pace(const Pace& pace, std::optional<Watts> power, const PaceRules& rules);

// The largest power of two of intervals that fits into `slowest`, at least one: strides that are
// powers of two keep all deadlines on one grid, whatever the pace.
[[nodiscard]] std::int64_t slowest_stride(Nanoseconds interval, Nanoseconds slowest);

} // namespace joulemark::sampler
