// Energy and moments of a power column over a window, by the trapezoid rule with both edges
// interpolated.
//
//     E        = sum of (p_a + p_b)/2 * dt                                  joules
//     variance = sum of ((p_a - mean)^2 + (p_b - mean)^2)/2 * dt / covered  watt^2
//
// The variance is the population one, weighted by time.
//
// Stretches inside a gap are left out and their length is returned; a window that reaches beyond
// the readings is integrated as far as they go. NaN readings are bridged by their neighbours'
// chord.
#pragma once

#include "analysis/power_view.hpp"
#include "core/time.hpp"
#include "core/units.hpp"

#include <optional>
#include <vector>

namespace joulemark::analysis {

// covered + in_gaps + outside = length of the window.
struct Coverage {
    Nanoseconds covered{0};
    Nanoseconds in_gaps{0};
    Nanoseconds outside{0}; // before the first or after the last good reading
    friend bool operator==(const Coverage&, const Coverage&) = default;
};

struct Integral {
    Joules energy;
    Coverage coverage;
};

// Energy inside the window. Nothing covered (no reading, one reading, an empty window) gives 0 J
// over 0 ns: the caller reads `coverage` before it speaks of the energy. O(log n + readings in the
// window).
[[nodiscard]] Integral integrate(const PowerView& view, Window window);

// Everything one pass can tell. `min`, `peak` run over the readings in the covered part and its
// interpolated edges.
struct PowerMoments {
    Integral integral;
    Watts mean;            // energy / covered time
    double variance = 0.0; // W^2, time-weighted population
    Watts min;
    Watts peak;
    Instant peak_time; // first moment at which the peak was read
};

// Nothing when no time is covered. One pass at memory speed; sums are split over lanes and
// compensated between blocks: the energy of 10^9 readings is right to 1e-14 of the sum of |p| dt.
[[nodiscard]] std::optional<PowerMoments> power_moments(const PowerView& view, Window window);

// Prefix form for many windows over one column: O(n) once, O(log n) a window. Owns its sums and not
// the view.
class CumulativeEnergy {
public:
    explicit CumulativeEnergy(const PowerView& view);

    // As `integrate`.
    [[nodiscard]] Integral over(Window window) const;

private:
    struct Node {
        Instant time;
        double power_watts = 0.0;
        double energy_joules = 0.0; // up to this node
        Nanoseconds covered{0};     // up to this node
        bool gap_follows = false;
    };
    struct Point {
        double energy_joules = 0.0;
        Nanoseconds covered{0};
    };
    [[nodiscard]] Point at(Instant t) const;

    std::vector<Node> nodes_; // readings that worked and the edges of gaps
};

} // namespace joulemark::analysis
