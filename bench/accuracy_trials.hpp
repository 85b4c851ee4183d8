// Seeded trials of the energy estimate against simulated truth: one cell is a sensor, a load and a
// window length. Pure: the same cell and seed give the same outcome on any machine and any number
// of threads.
#pragma once

#include "core/units.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace joulemark::bench {

struct AccuracyCell {
    std::string gpu;  // catalogue name; its architecture decides the sensor
    std::string load; // "steady", "step", "square 0.1 Hz", "burst 0.2 s" ...
    Seconds window;
};

// Relative errors are against the true energy as the gain of the source that was used scales it, so
// that they show the method and not the gain; `coverage_with_gain` is against the true energy
// itself. Windows are drawn within 10 % of the cell's length: whole numbers of ticks would flatter
// everyone.
struct AccuracyResult {
    std::size_t trials = 0;
    double rms_error = 0.0;
    double rms_trapezoid = 0.0;   // polled readings, edges interpolated
    double rms_raw_counter = 0.0; // counter at the end minus counter at the start
    double mean_half_width = 0.0; // of the interval before the gain term, relative
    double coverage = 0.0;        // of the interval before the gain term
    double coverage_with_gain = 0.0;
};

[[nodiscard]] std::vector<AccuracyCell> accuracy_cells();
[[nodiscard]] AccuracyResult run_cell(const AccuracyCell& cell,
                                      std::size_t trials,
                                      std::uint64_t seed);

} // namespace joulemark::bench
