// Energy of a window from the ticks of an energy counter, with the errors that ticks leave. Pure
// values.
//
// The curve is known at each tick. Inside the tick that an edge of the window cuts, energy is
// spread evenly, corrected by the shape that the power readings show as far as they have proved to
// follow the counter nearby (the regression slope of the ticks' mean powers on the readings' mean
// powers over the same ticks).
#pragma once

#include "analysis/counter_track.hpp"
#include "analysis/power_bounds.hpp"
#include "analysis/power_track.hpp"

#include <optional>

namespace joulemark::analysis {

// Standard deviations of the independent errors, in joules.
struct CounterEnergy {
    double joules = 0.0;
    double tick_timing = 0.0;  // when exactly the ticks were
    double inside_tick = 0.0;  // how energy lies inside the cut ticks
    double beyond_ticks = 0.0; // stretches before the first or after the last tick
};

// Nothing when the counter went backwards in the window, or has fewer than two ticks.
[[nodiscard]] std::optional<CounterEnergy> counter_energy(const CounterTrack& counter,
                                                          const PowerTrack& power,
                                                          Window window,
                                                          PowerBounds bounds,
                                                          std::optional<Seconds> documented_tick);

} // namespace joulemark::analysis
