// The part of `find_phases` that reads phases from the power alone: stretches above the idle band,
// their edges, and the prefill they open with. In nodes of the grid.
#pragma once

#include "analysis/phases.hpp"
#include "analysis/power_levels.hpp"
#include "analysis/uniform_grid.hpp"
#include "core/units.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace joulemark::analysis {

// Nodes first to last, both included; neighbouring runs share a node.
struct PhaseRun {
    PhaseKind kind = PhaseKind::idle;
    std::size_t first = 0;
    std::size_t last = 0;
};

struct InferredPhases {
    std::vector<PhaseRun> runs; // in order, from node 0 to the last, none empty
    std::vector<UnresolvedEdge> unresolved;
};

// `method` holds what was settled before: slope window and threshold, dwell, resolution.
// `with_prefill`: look for prefill; otherwise all plateaus are decode. O(N log N).
[[nodiscard]] InferredPhases infer_phases(const UniformGrid& grid,
                                          const PowerLevels& levels,
                                          const PhaseMethod& method,
                                          std::span<const double> slope,
                                          bool with_prefill);

// The index at which an opening plateau ends that stands above the rest of `watts`: at least
// `least_drop` above and four standard errors, with a sharp fall at its end, and not longer than
// the rest. `step` and `resolution` in seconds. Nothing when there is none.
[[nodiscard]] std::optional<std::size_t> prefill_end(std::span<const double> watts,
                                                     Seconds step,
                                                     Seconds resolution,
                                                     Watts least_drop);

} // namespace joulemark::analysis
