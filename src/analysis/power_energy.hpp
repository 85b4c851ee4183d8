// Energy of a window from power readings alone, with the errors that a sensor of that kind leaves.
// Pure values.
#pragma once

#include "analysis/power_bounds.hpp"
#include "analysis/power_track.hpp"

#include <optional>

namespace joulemark::analysis {

// Standard deviations of the independent errors, in joules.
struct PowerEnergy {
    double joules = 0.0;
    double sampling = 0.0;  // the sensor looks part of the time, and is noisy
    double edges = 0.0;     // the window cuts two refreshes
    double lag = 0.0;       // how old a reading is
    double gaps = 0.0;      // stretches without readings
    double uncovered = 0.0; // stretches of the window before the first or after the last reading
    double uncovered_seconds = 0.0;
};

// Nothing when the track is empty or does not touch the window.
[[nodiscard]] std::optional<PowerEnergy> power_energy(const PowerTrack& power,
                                                      Window window,
                                                      PowerBounds bounds);

} // namespace joulemark::analysis
