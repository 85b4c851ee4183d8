#include "sampler/schedule.hpp"

#include "core/time.hpp"
#include "core/units.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>

namespace joulemark::sampler {

namespace {

// Share of a calm reading in the level that later ones are compared with.
constexpr double level_weight = 0.125;

} // namespace

Pace next_pace(const Pace& pace, std::optional<Watts> power, const PaceRules& rules) {
    if (!power) {
        return {};
    }
    if (!pace.level) {
        return {.level = power};
    }
    const Watts level = *pace.level;
    const double size = std::abs(level.value());
    const double change = std::abs((*power - level).value());
    if (change > std::max(rules.ramp_floor.value(), rules.ramp_share * size)) {
        return {.level = power};
    }
    Pace next{pace.stride, pace.calm + 1, level + level_weight * (*power - level)};
    if (change > std::max(rules.calm_floor.value(), rules.calm_share * size)) {
        next.calm = 0;
    }
    if (next.calm == rules.calm_readings) {
        next.stride = std::min(2 * pace.stride, rules.slowest_stride);
        next.calm = 0;
    }
    return next;
}

std::int64_t slowest_stride(Nanoseconds interval, Nanoseconds slowest) {
    const auto fitting = static_cast<std::uint64_t>(std::max<std::int64_t>(slowest / interval, 1));
    return static_cast<std::int64_t>(std::bit_floor(fitting));
}

} // namespace joulemark::sampler
