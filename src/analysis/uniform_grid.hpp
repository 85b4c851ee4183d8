// Power on a uniform grid that keeps the energy of the readings.
//
// C(t) = cumulative trapezoid of the readings, gaps bridged by their chord. With D the length, N
// intervals, h = D/N and t_k = D*k/N, the nodes are means:
//     interior  P_k = (C(t_k + h/2) - C(t_k - h/2)) / h
//     ends      P_0 = C(h/2) / (h/2),   P_N = (C(D) - C(D - h/2)) / (h/2)
// so that the trapezoid of the nodes is C(D). Nodes and bins that touch a gap are marked not valid.
#pragma once

#include "analysis/power_view.hpp"
#include "core/time.hpp"
#include "core/units.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace joulemark::analysis {

struct UniformGrid {
    Window window;
    std::vector<double> power_watts; // N + 1 nodes, N >= 1
    std::vector<std::uint8_t> valid; // 0 where the node's bin touches a gap

    [[nodiscard]] std::size_t intervals() const { return power_watts.size() - 1; }
    [[nodiscard]] Seconds step() const;
    [[nodiscard]] Instant time(
        std::size_t node) const; // t_k, by multiplication, exact at both ends
    [[nodiscard]] std::size_t nearest_node(Instant t) const;
    [[nodiscard]] Joules energy() const; // trapezoid of the nodes
};

inline constexpr std::size_t max_profile_points = 100'000;
inline constexpr std::size_t max_grid_points = 1'000'000;

// Target step of a grid: the smallest of 1, 2, 5 x 10^k s that is not below the sensor's update
// period, the median sampling interval, and length/(max_points - 1).
[[nodiscard]] Seconds grid_step(Seconds length,
                                Seconds median_interval,
                                std::optional<Seconds> update_period,
                                std::size_t max_points = max_profile_points);

// Node-centred means over the part of `window` that the readings cover (`UniformGrid::window` says
// which), with N = max(1, floor(D / target_step)), N < max_grid_points. Nothing when no time is
// covered. O(n + N).
[[nodiscard]] std::optional<UniformGrid> node_means(const PowerView& view,
                                                    Window window,
                                                    Seconds target_step);

// Bin means: value k is the mean over [begin + k*width, begin + (k+1)*width].
struct BinMeans {
    Instant begin;
    Seconds width;
    std::vector<double> power_watts;
    std::vector<std::uint8_t> valid; // 0 where the bin touches a gap
    Seconds dropped;                 // trailing partial bin that was left out
};

// For consumers that sum P*dt. At most max_grid_points bins: the width grows to what that needs.
// Nothing when less than one bin is covered. O(n + bins).
[[nodiscard]] std::optional<BinMeans> bin_means(const PowerView& view,
                                                Window window,
                                                Seconds width);

} // namespace joulemark::analysis
