// Power readings as what they are: each refresh of the sensor's register is a mean over a stretch
// in the past. A refresh seen at time r with averaging window w and delay d stands for the time
// around r - d - w/2; half-way to its neighbours on both sides is its tile. Polls that saw the
// register unchanged add nothing; a reading that stays the same for many update periods is the same
// refresh many times over. Pure values.
#pragma once

#include "core/device_info.hpp"
#include "core/time.hpp"
#include "core/units.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace joulemark::analysis {

// The sensor's timing as used: from its profile where known, else found in the readings.
struct SensorTiming {
    Seconds update_period;
    Seconds averaging_window; // 0 when unknown
    Seconds delay;            // 0 when unknown
    bool assumed = false;
};

struct PowerTrack {
    // Tile i covers [bound[i], bound[i+1]) with mean power watts[i]; `bound` has one more entry
    // than `watts`.
    std::vector<Instant> bound;
    std::vector<double> watts;
    std::vector<double> energy; // joules up to bound[i] from bound[0]; size of `bound`
    std::vector<bool> hole;     // tile i stands for a stretch without readings
    SensorTiming timing;
    bool constant = false; // the reading never changed

    [[nodiscard]] bool empty() const { return watts.empty(); }
    [[nodiscard]] Window extent() const { return {bound.front(), bound.back()}; }
    // Joules from bound[0] to t; outside the extent the first or last tile goes on.
    [[nodiscard]] double energy_until(Instant t) const;
    [[nodiscard]] std::size_t tile_at(Instant t) const;
};

// `watts` may contain missing readings (NaN).
[[nodiscard]] PowerTrack track_power(std::span<const Instant> time,
                                     std::span<const double> watts,
                                     const std::optional<SensorProfile>& profile);

} // namespace joulemark::analysis
