// From a Trace and a window to joules with an interval, and to the reasons for both. Pure
// functions.
//
// Two independent readings of the same energy are used when both are there:
//  - the energy counter, read at the moments it ticks (analysis/counter_track.hpp);
//  - the power readings, each standing for the stretch of time it averages
//  (analysis/power_track.hpp).
// The counter decides when it can; the power readings then say how energy is spread inside the two
// ticks that the edges of the window cut. Both energies and their disagreement are always in the
// result.
#pragma once

#include "core/estimate.hpp"
#include "core/trace.hpp"
#include "core/warning.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::analysis {

enum class EnergyMethod { none, counter, integrated_power };

// "counter", "integrated_power", "none": the JSON key `energy_source`.
[[nodiscard]] std::string_view to_string(EnergyMethod method);

// One reason for the width of an interval: half width at 95 %. Terms add in quadrature.
struct UncertaintyTerm {
    std::string name;
    Joules half_width;
    bool common =
        false; // the same for every run on the device: cancels when two runs on it are compared
};

// What one source alone says. `half_width` is at 95 % and leaves the sensor's gain out.
struct SourceEnergy {
    Joules energy;
    Joules half_width;
};

struct EnergyResult {
    std::optional<Estimate<Joules>> energy; // absent when nothing can be said; never 0 for unknown
    std::optional<Interval<Joules>>
        repeatability; // without the common terms: for comparing runs on one device
    EnergyMethod method = EnergyMethod::none;
    std::string explanation; // why this source: one sentence
    std::optional<SourceEnergy> by_counter;
    std::optional<SourceEnergy> by_power;
    std::optional<double> disagreement; // by_power / by_counter - 1
    std::optional<Seconds> tick;        // of the counter, as observed
    Seconds gap_time{0.0};              // inside the window, without readings
    std::vector<UncertaintyTerm> terms; // of `energy`
    std::vector<Warning> warnings;
};

// `window` must not be empty. Power inside a stretch that no sensor resolves is taken to lie
// between the device's idle power and its limit when these are known, else within the readings of
// the trace widened by half their range.
[[nodiscard]] EnergyResult estimate_energy(const Trace& trace, Window window);

} // namespace joulemark::analysis
