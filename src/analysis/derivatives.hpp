// How fast power moves, as least-squares slopes over a stated window T. Never differences of
// neighbouring readings: those have a standard deviation of sqrt(2)*sigma/dt, 1,131 W/s for 20 W of
// noise at 25 ms (qualification 8).
#pragma once

#include "analysis/power_view.hpp"
#include "analysis/uniform_grid.hpp"

#include <optional>
#include <span>
#include <vector>

namespace joulemark::analysis {

// Standard deviation of the slope over `window` from noise `sigma` at spacing `step`: sigma *
// sqrt(12 * step / T^3).
[[nodiscard]] WattsPerSecond slope_noise(Watts sigma, Seconds step, Seconds window);

// Shortest T whose slope noise is a fifth of `threshold`, and no shorter than the sensor's
// resolution or three steps: T = (12 * step * (5 sigma / threshold)^2)^(1/3).
[[nodiscard]] Seconds
slope_window(Watts sigma, Seconds step, WattsPerSecond threshold, Seconds resolution);

// Robust noise of the readings about their local level: 1.4826 * median |p_k+1 - p_k| / sqrt(2)
// over neighbouring valid nodes. Blind to steps and drift; nothing below two pairs.
[[nodiscard]] std::optional<Watts> noise_level(const UniformGrid& grid);

// Least-squares slope (W/s) centred on each node over `window` (rounded to an odd number of nodes,
// at least three); at the ends the window is cut to what there is. As long as the grid has nodes;
// O(N) whatever the window.
[[nodiscard]] std::vector<double> slopes(const UniformGrid& grid, Seconds window);

// One extreme of the slope.
struct Slew {
    WattsPerSecond rate;
    Instant time;
    // The step was over within T: the true rate is at least `rate`, how much more the readings
    // cannot tell.
    bool unresolved = false;
};

struct Derivatives {
    Seconds window;               // T
    Watts noise;                  // sigma that T was chosen from
    std::optional<Slew> max_ramp; // > 0; absent when power never rose
    std::optional<Slew> max_fall; // < 0; absent when power never fell
    WattsPerSecond p99_abs;
};

// `threshold` is the slope that must stand out from the noise (100 W/s in the proposal). Nodes in
// gaps are left out. Nothing for a grid of less than four nodes.
[[nodiscard]] std::optional<Derivatives> derivatives(const UniformGrid& grid,
                                                     const SensorLimits& sensor,
                                                     WattsPerSecond threshold = WattsPerSecond{
                                                         100.0});

} // namespace joulemark::analysis
