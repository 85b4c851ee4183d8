// Where the level of a noisy series changes.
//
// Seeded binary segmentation (Kovacs, Buehlmann, Li, Munk, "Seeded binary segmentation", Biometrika
// 110 (2023)): a fixed family of overlapping intervals of total length O(n log n), the best split
// of each by the gain in squared error
//     G = n_a n_b / (n_a + n_b) * (mean_a - mean_b)^2,
// the splits accepted from the largest gain down while no accepted one lies inside their interval;
// then every split is placed anew between its neighbours and dropped when it no longer pays.
// A split pays when G > (6 + 3 ln n) * noise_variance. On correlated noise the variance to give is
// S/h, the long-run variance over the step (analysis/autocorrelation.hpp): larger than that of one
// value by 2 tau/h.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace joulemark::analysis {

// Indices i, increasing, so that a new level begins at values[i]; no two levels are shorter than
// `shortest`. Empty for a series of one level, for less than two levels' worth of values and when
// `noise_variance` is not above zero. Values must be finite. O(n log n) worst case.
[[nodiscard]] std::vector<std::size_t> change_points(std::span<const double> values,
                                                     double noise_variance,
                                                     std::size_t shortest = 2);

} // namespace joulemark::analysis
