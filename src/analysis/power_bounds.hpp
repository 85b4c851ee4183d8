// Between which powers a device may have been while no sensor looked, and what that leaves open of
// an energy. Pure values.
#pragma once

#include "analysis/power_track.hpp"
#include "core/device_info.hpp"
#include "core/time.hpp"

#include <optional>

namespace joulemark::analysis {

struct PowerBounds {
    double low_watts = 0.0;
    double high_watts = 0.0;
};

// What the hardware can do: idle power and limit where known, always at least what was read.
[[nodiscard]] PowerBounds device_bounds(const DeviceInfo& device, const PowerTrack& track);

// What a sensor that looks in short glances saw within `reach` of `t`: glances at moments that are
// not locked to the load show its range. Nothing when the sensor averages too long to see inside a
// tick or took fewer than `min_glances`, and when the counter contradicts it: mean power
// `mean_watts` there is not the glances' mean, or the mean power of whole ticks (`ticks`) leaves
// the range of the glances. Then the load hides from the sensor.
inline constexpr std::size_t min_glances = 6;
[[nodiscard]] std::optional<PowerBounds> glimpsed_bounds(
    const PowerTrack& track, Instant t, Nanoseconds reach, double mean_watts, PowerBounds ticks);

// Energy of the first `part` seconds of a stretch of `whole` seconds that took `joules` in all,
// power in `bounds`: the least and the most it can be.
struct EnergyRange {
    double low = 0.0;
    double high = 0.0;

    [[nodiscard]] double clamp(double joules) const;
    // Root mean square distance from `estimate` that a load switching between two levels can have
    // in this range.
    [[nodiscard]] double spread_about(double estimate) const;
};
[[nodiscard]] EnergyRange energy_of_part(double joules,
                                         double whole,
                                         double part,
                                         PowerBounds bounds);

} // namespace joulemark::analysis
