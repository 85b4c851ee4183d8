// The proposal's phase rule, for comparison with published figures: idle below 100 W, ramp above
// +100 W/s, fall below -100 W/s, prefill the first power peak, decode the steady power after it.
// Slopes are least squares over a stated window T; applied to neighbouring readings the rule finds
// noise. "First peak" is read as: the first steady piece of a stretch above 100
// W, when a later steady piece of the same stretch is lower; else there is no prefill.
#pragma once

#include "analysis/phases.hpp"
#include "analysis/uniform_grid.hpp"
#include "core/units.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace joulemark::analysis {

inline constexpr Watts fixed_idle_below{100.0};
inline constexpr WattsPerSecond fixed_slope_threshold{100.0};

// The kind of every interval between neighbouring nodes; `slope` has one value (W/s) per node. A
// run of less than `shortest` intervals joins the one before it.
[[nodiscard]] std::vector<PhaseKind> fixed_threshold_kinds(const UniformGrid& grid,
                                                           std::span<const double> slope,
                                                           std::size_t shortest);

} // namespace joulemark::analysis
