// Where the level of a noisy series changes.
//
// Seeded binary segmentation (Kovacs, Buhlmann, Li, Munk, "Seeded binary segmentation", Biometrika
// 110 (2023)): a fixed family of overlapping intervals of total length O(n log n), the best split
// of each by the gain in squared error
//     G = n_a n_b / (n_a + n_b) * (mean_a - mean_b)^2,
// the splits accepted from the largest gain down while no accepted one lies inside their interval;
// then every split is placed anew between its neighbours and dropped when it no longer pays. A
// split pays when G > penalty * S/h, with S the long-run variance of the noise: on white noise S/h
// is the plain variance, on correlated noise it is larger by 2 tau/h.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace joulemark::analysis {

struct ChangePointOptions {
    double noise_variance =
        1.0; // S/h: variance of a value times its correlation (2 tau / h, at least 1)
    double penalty_factor = 3.0; // times log(n)
    std::size_t shortest_segment = 2;
};

// Indices i, increasing, so that a new level begins at values[i]; empty for a series of one level,
// for less than two segments' worth of values, and when `noise_variance` is not above zero. Values
// must be finite. O(n log n) worst case.
[[nodiscard]] std::vector<std::size_t> change_points(std::span<const double> values,
                                                     const ChangePointOptions& options);

} // namespace joulemark::analysis
