#include "analysis/autocorrelation.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace joulemark::analysis {

namespace {

constexpr std::size_t fewest_values = 8;
constexpr std::size_t longest_lag = 256; // even: lags are taken in pairs

// A centred series; values that are not valid are 0 and do not count.
struct Series {
    std::vector<double> deviation;
    std::vector<std::uint8_t> valid; // empty: all are
    double step = 0.0;               // s

    [[nodiscard]] std::size_t size() const { return deviation.size(); }
};

std::size_t valid_pairs(const Series& series, std::size_t lag) {
    const std::size_t pairs = series.size() - lag;
    if (series.valid.empty()) {
        return pairs;
    }
    std::size_t count = 0;
    for (std::size_t i = 0; i < pairs; ++i) {
        count += series.valid[i] != 0 && series.valid[i + lag] != 0 ? 1U : 0U;
    }
    return count;
}

// The biased estimate, sum / n: it never gives a negative long-run variance.
double autocovariance(const Series& series, std::size_t lag) {
    const double* a = series.deviation.data();
    const double* b = a + lag;
    const std::size_t pairs = series.size() - lag;
    constexpr std::size_t lanes = 4;
    std::array<double, lanes> sum{};
    std::size_t i = 0;
    for (; i + lanes <= pairs; i += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            sum[lane] += a[i + lane] * b[i + lane];
        }
    }
    for (; i < pairs; ++i) {
        sum[0] += a[i] * b[i];
    }
    const std::size_t counted = valid_pairs(series, lag);
    if (counted == 0) {
        return 0.0;
    }
    const double taper = static_cast<double>(pairs) / static_cast<double>(series.size());
    return taper * (sum[0] + sum[1] + sum[2] + sum[3]) / static_cast<double>(counted);
}

// Autocovariances of one series, computed when first asked for.
class Autocovariances {
public:
    explicit Autocovariances(const Series& series) : series_(series) {}

    [[nodiscard]] std::size_t lags() const { return std::min(series_.size(), longest_lag); }
    double at(std::size_t lag) {
        while (known_.size() <= lag) {
            known_.push_back(autocovariance(series_, known_.size()));
        }
        return known_[lag];
    }

private:
    const Series& series_;
    std::vector<double> known_;
};

struct Sums {
    double linear = 0.0;  // g_0 + 2 sum g_k
    double squared = 0.0; // 1 + 2 sum (g_k / g_0)^2
    double variance = 0.0;
    bool ended = false; // by the rule and not for want of lags
};

// Geyer's sums over g_k + lift.
Sums monotone_sums(Autocovariances& g, double lift) {
    Sums sums;
    sums.variance = g.at(0) + lift;
    sums.linear = -sums.variance;
    sums.squared = -1.0;
    double previous = std::numeric_limits<double>::infinity();
    for (std::size_t lag = 0; lag + 1 < g.lags(); lag += 2) {
        const double even = g.at(lag) + lift;
        const double odd = g.at(lag + 1) + lift;
        if (even + odd <= 0.0) {
            sums.ended = true;
            break;
        }
        previous = std::min(even + odd, previous);
        sums.linear += 2.0 * previous;
        sums.squared += 2.0 * (even * even + odd * odd) / (sums.variance * sums.variance);
    }
    // An alternating series is taken for an uncorrelated one.
    sums.linear = std::max(sums.linear, sums.variance);
    sums.squared = std::max(sums.squared, 1.0);
    return sums;
}

// Raises the autocovariances by the variance that the mean took away, S/W.
Sums unbiased_sums(Autocovariances& g, double values) {
    constexpr int rounds = 3;
    Sums sums = monotone_sums(g, 0.0);
    for (int round = 1; round < rounds; ++round) {
        sums = monotone_sums(g, std::min(sums.linear / values, g.at(0)));
    }
    return sums;
}

std::size_t count_valid(const Series& series) { return valid_pairs(series, 0); }

void centre(Series& series) {
    const auto is_valid = [&](std::size_t i) {
        return series.valid.empty() || series.valid[i] != 0;
    };
    double sum = 0.0;
    for (std::size_t i = 0; i < series.size(); ++i) {
        sum += is_valid(i) ? series.deviation[i] : 0.0;
    }
    const double mean = sum / static_cast<double>(count_valid(series));
    for (std::size_t i = 0; i < series.size(); ++i) {
        series.deviation[i] = is_valid(i) ? series.deviation[i] - mean : 0.0;
    }
}

// Means of four neighbours; valid where all four are.
Series averaged_in_fours(const Series& fine) {
    constexpr std::size_t factor = 4;
    Series coarse;
    coarse.step = fine.step * static_cast<double>(factor);
    for (std::size_t i = 0; i + factor <= fine.size(); i += factor) {
        double sum = 0.0;
        std::uint8_t all = 1;
        for (std::size_t j = i; j < i + factor; ++j) {
            sum += fine.deviation[j];
            all = all && (fine.valid.empty() || fine.valid[j] != 0) ? 1 : 0;
        }
        coarse.deviation.push_back(all != 0 ? sum / static_cast<double>(factor) : 0.0);
        coarse.valid.push_back(all);
    }
    return coarse;
}

} // namespace

std::optional<Autocorrelation> autocorrelation(std::span<const double> values,
                                               Seconds step,
                                               std::span<const std::uint8_t> valid) {
    Series series{{values.begin(), values.end()}, {valid.begin(), valid.end()}, step.value()};
    const std::size_t count = count_valid(series);
    if (count < fewest_values) {
        return std::nullopt;
    }
    centre(series);
    const double length = series.step * static_cast<double>(count);
    const double plain_variance = autocovariance(series, 0);
    if (!(plain_variance > 0.0)) {
        return std::nullopt;
    }
    Autocovariances g{series};
    Sums sums = unbiased_sums(g, static_cast<double>(count));
    double per_step = series.step;
    while (!sums.ended) {
        Series coarse = averaged_in_fours(series);
        const std::size_t left = count_valid(coarse);
        if (left < fewest_values) {
            break;
        }
        centre(coarse);
        series = std::move(coarse);
        Autocovariances coarse_g{series};
        if (!(coarse_g.at(0) > 0.0)) {
            break;
        }
        sums = unbiased_sums(coarse_g, static_cast<double>(left));
        per_step = series.step;
    }
    Autocorrelation result;
    result.long_run_variance = per_step * sums.linear;
    result.variance = plain_variance + std::min(result.long_run_variance / length, plain_variance);
    result.tau = Seconds{0.5 * result.long_run_variance / result.variance};
    const double most = static_cast<double>(count);
    result.effective_samples = std::min(length / (2.0 * result.tau.value()), most);
    result.effective_variance_samples = std::min(length / (per_step * sums.squared), most);
    return result;
}

} // namespace joulemark::analysis
