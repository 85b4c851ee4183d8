// Time-weighted quantiles of power: "at or below this level for a share q of the time".
//
// Every reading weighs half the time to its neighbour on either side (the same weights as the
// trapezoid rule); the q-quantile is the smallest reading whose cumulated weight reaches q of the
// total. Exact, O(n).
#pragma once

#include "analysis/power_view.hpp"
#include "core/time.hpp"
#include "core/units.hpp"

#include <span>
#include <vector>

namespace joulemark::analysis {

struct WeightedValue {
    double value = 0.0;
    double weight = 0.0; // >= 0
};

// One value per probability, in the order asked. Nothing comes back for no values or no weight.
// Probabilities outside [0, 1] are taken as the nearer end.
[[nodiscard]] std::vector<double> weighted_quantiles(std::vector<WeightedValue> values,
                                                     std::span<const double> probabilities);

// The same for power inside a window, edges interpolated, gaps left out. Empty when nothing is
// covered.
[[nodiscard]] std::vector<Watts> power_quantiles(const PowerView& view,
                                                 Window window,
                                                 std::span<const double> probabilities);

// Median of plain numbers; reorders them. NaN for none.
[[nodiscard]] double median(std::span<double> values);

} // namespace joulemark::analysis
