// Where power rises from rest to a plateau, and, read backwards, where it falls from one.
#pragma once

#include "analysis/uniform_grid.hpp"
#include "core/units.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace joulemark::analysis {

struct EdgeRule {
    WattsPerSecond least_rate; // less is drift
    Seconds slope_window;      // T
    Seconds resolution;        // an edge not longer than this is unresolved
    Watts noise;               // of a node
};

struct Edge {
    std::size_t foot = 0; // node at rest
    std::size_t top = 0;  // node on the plateau
    WattsPerSecond rate;  // from foot to top, signed; the least it can be when unresolved
    Watts height;
    bool resolved = false;
};

// The rise from node `foot` towards node `bound`; with `bound` before `foot` the fall that ends at
// `foot`. `slope` has the least-squares slope over T for every node.
//
// The plateau begins where power no longer moves away from the foot over the next T; its level is
// the median of that T, the top the first node within 5 % of it (or twice the noise). Of a resolved
// edge both ends are then moved outwards to where the line through its middle meets rest and
// plateau, by at most a quarter of its length. Nothing when there is no edge, or when a gap hides
// it.
[[nodiscard]] std::optional<Edge> find_edge(const UniformGrid& grid,
                                            std::span<const double> slope,
                                            const EdgeRule& rule,
                                            std::size_t foot,
                                            std::size_t bound);

} // namespace joulemark::analysis
