// Statistics of power over a window: time-weighted, with intervals that know neighbouring readings
// are not independent.
//
//     mean  = energy / covered time
//     stdev = sqrt( sum ((p_a - mean)^2 + (p_b - mean)^2)/2 * dt / covered time )
//     cv    = stdev / mean
//
// The intervals say where the mean and the CV of the *process* lie of which this window is a
// sample: what a longer or repeated run would show. They say nothing about the sensor's gain. On
// simulated AR(1) power they hold the truth in 93 to 98 % of trials from ten effective samples on,
// in about 90 % at five.
#pragma once

#include "analysis/integral.hpp"
#include "analysis/power_view.hpp"
#include "core/estimate.hpp"
#include "core/time.hpp"
#include "core/units.hpp"

#include <optional>

namespace joulemark::analysis {

struct Percentiles {
    Watts p1, p5, p50, p95, p99;
};

struct PowerStatistics {
    Window window; // as asked
    Coverage coverage;
    Joules energy;
    Estimate<Watts> mean;
    Watts stdev;
    Watts min;
    Watts peak;
    Instant peak_time;
    Percentiles percentiles;
    // Absent when the mean is not above zero, and when the reading never changed: a constant
    // reading says that the sensor is blind to the variation, not that there is none.
    std::optional<Estimate<double>> cv;
    bool constant_reading = false;
    std::optional<Seconds> correlation_time; // tau of the power
    std::optional<double>
        effective_samples; // of the mean: covered / (2 tau), at most the independent sensor updates
};

// Below this many effective samples no interval is given.
inline constexpr double fewest_effective_samples = 3.0;

// Nothing when no time is covered. `sensor` bounds the number of independent readings; what it does
// not know is taken from the readings themselves (observed_update_period). O(n).
[[nodiscard]] std::optional<PowerStatistics> power_statistics(const PowerView& view,
                                                              Window window,
                                                              const SensorLimits& sensor);

} // namespace joulemark::analysis
