// How many independent readings a correlated series is worth.
//
// With autocovariance g_k at lag k*h, the long-run variance is S = h * (g_0 + 2 sum g_k) and the
// mean over a length W has variance S/W. The integrated autocorrelation time is tau = S / (2 g_0),
// the effective sample count n_eff = W / (2 tau). For the variance of a
// Gaussian series the squares count: n_var = W / (h * (1 + 2 sum (g_k/g_0)^2)).
//
// The sums stop by the initial monotone sequence rule (Geyer, "Practical Markov chain Monte Carlo",
// Statist. Sci. 7 (1992)): neighbouring pairs g_2k + g_2k+1 are kept while they are positive, each
// cut down to the one before. Anticorrelation beyond the first pair is never credited. Taking the
// mean out of the series lowers every g_k by S/W; that is added back, to a fixed point.
#pragma once

#include "core/units.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace joulemark::analysis {

struct Autocorrelation {
    double variance = 0.0;                   // g_0, unit^2
    double long_run_variance = 0.0;          // S, unit^2 s
    Seconds tau;                             // S / (2 g_0)
    double effective_samples = 0.0;          // n_eff, at most the number of values
    double effective_variance_samples = 0.0; // n_var, at most the number of values
};

// `values` are bin means `step` apart; where `valid` is given, values with 0 there are left out.
// Nothing below eight valid values, or when all of them are equal. Lags are summed directly, up to
// 256; a series that is still correlated there is averaged in fours and looked at again, so the
// cost is O(n * 256) whatever tau is.
[[nodiscard]] std::optional<Autocorrelation> autocorrelation(
    std::span<const double> values, Seconds step, std::span<const std::uint8_t> valid = {});

} // namespace joulemark::analysis
