// How fast power moves, as least-squares slopes over a stated window T. Never differences of
// neighbouring readings: those have a standard deviation of sqrt(2)*sigma/dt, 1,131 W/s for 20 W of
// noise at 25 ms.
#pragma once

#include "analysis/power_view.hpp"
#include "analysis/uniform_grid.hpp"
#include "core/time.hpp"
#include "core/units.hpp"

#include <optional>
#include <vector>

namespace joulemark::analysis {

// Standard deviation of the slope over `window` from noise `sigma` at spacing `step`:
// sigma * sqrt(12 * step / T^3).
[[nodiscard]] WattsPerSecond slope_noise(Watts sigma, Seconds step, Seconds window);

// Shortest T whose slope noise is a fifth of `threshold` and that is no shorter than the sensor's
// resolution: T = (12 * step * (5 sigma / threshold)^2)^(1/3), rounded up to an even number of
// steps, at least two.
[[nodiscard]] Seconds slope_window(Watts sigma,
                                   Seconds step,
                                   WattsPerSecond threshold,
                                   Seconds resolution);

// Noise of the nodes about their local level: the standard deviation of white noise that would
// scatter means of four neighbours as much as they do. Of every 64 differences d between the mean
// of four nodes and that of the next four, 1.4826 * median |d| * sqrt(4/2); plain neighbours where
// there are less than eight nodes. Steps and drift hardly touch it. Differences with a node in a
// gap are left out; nothing without any.
struct NoiseLevel {
    Watts quiet;   // exceeded in nine tenths of the run
    Watts working; // median over the upper half of the power range, over all when that is one level
};
[[nodiscard]] std::optional<NoiseLevel> noise_level(const UniformGrid& grid);

// Least-squares slope (W/s) over `window` centred on each node, as many values as nodes. Within
// half a window of an end, and in a grid shorter than the window, the nearest window that fits is
// taken. O(N) whatever the window; nothing for less than two nodes.
[[nodiscard]] std::vector<double> slopes(const UniformGrid& grid, Seconds window);

// One extreme of the slope.
struct Slew {
    WattsPerSecond rate;
    Instant time; // middle of its window
    // The step was over within T: the true rate is at least `rate`; how much more, the readings
    // cannot tell.
    bool unresolved = false;
};

struct Derivatives {
    Seconds window;               // T
    Watts noise;                  // sigma that T was chosen by
    std::optional<Slew> max_ramp; // > 0; absent when power never rose
    std::optional<Slew> max_fall; // < 0; absent when power never fell
    WattsPerSecond p99_abs;
};

// `threshold` is the slope that must stand out from the noise (100 W/s in the proposal). Windows
// that touch a gap are left out. Nothing when no window is free of gaps, or for a grid of less than
// four nodes.
[[nodiscard]] std::optional<Derivatives> derivatives(const UniformGrid& grid,
                                                     const SensorLimits& sensor,
                                                     WattsPerSecond threshold = WattsPerSecond{
                                                         100.0});

} // namespace joulemark::analysis
