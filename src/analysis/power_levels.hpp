// The levels that phases are relative to: what the device draws at rest, and what it draws when it
// works.
//
// Rest is looked for in quiet blocks of about half a second: those that scatter no more than the
// quietest part of the run does. The lowest of them is rest when it can be: when utilisation says
// so, when it lies far enough below the highest power and the power limit, or when it is more even
// than any work. Other quiet levels up to 15 % of the way to the highest power are rest too: a
// device that holds a model rests higher than one that does not, and one run may show both. Nothing
// but utilisation or a given idle power tells a rest of 20 % noise from light work: such a window
// is taken for work.
#pragma once

#include "analysis/power_view.hpp"
#include "analysis/uniform_grid.hpp"
#include "core/estimate.hpp"
#include "core/time.hpp"
#include "core/units.hpp"

#include <optional>
#include <span>

namespace joulemark::analysis {

// GPU utilisation (0 to 1) over its own times. NaN is a reading that failed.
struct UtilisationView {
    std::span<const Instant> time;
    std::span<const double> share;
};

struct LevelHints {
    SensorLimits sensor;
    std::optional<Watts> idle_power;  // measured (a baseline): taken as it is
    std::optional<Watts> power_limit; // upper reference for "can this level be rest?"
    UtilisationView utilisation;
};

struct PowerLevels {
    std::optional<Watts> idle; // median at rest; absent: the window never rests and nobody said
    Source idle_source = Source::estimated; // measured when it was given
    std::optional<Watts> idle_top;          // highest level at which it rests, without noise
    Watts idle_noise;                       // standard deviation of a node at rest
    std::optional<Watts> active; // median of what lies above rest; absent: the window only rests
    Watts high;                  // highest power that lasted two nodes

    // From rest to work; from zero where the device never rests. 0 W when it only rests.
    [[nodiscard]] Watts span() const;
};

// Nodes in gaps are left out. All absent when no two neighbouring nodes are outside a gap.
[[nodiscard]] PowerLevels find_levels(const UniformGrid& grid, const LevelHints& hints);

} // namespace joulemark::analysis
