#include "analysis/autocorrelation.hpp"
#include "analysis/change_points.hpp"
#include "analysis/phase_inference.hpp"
#include "analysis/quantiles.hpp"
#include "core/units.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

namespace joulemark::analysis {

namespace {

// A long stretch is searched twice: its head at full resolution, for a prefill of seconds, and the
// whole in means, for one of minutes.
constexpr std::size_t most_searched = 4096;

double mean_of(std::span<const double> values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// S/h of the noise about the levels between `points`.
double long_run_noise(std::span<const double> watts, const std::vector<std::size_t>& points) {
    std::vector<double> residuals;
    residuals.reserve(watts.size());
    std::size_t begin = 0;
    const auto level_up_to = [&](std::size_t end) {
        const double level = mean_of(watts.subspan(begin, end - begin));
        for (; begin < end; ++begin) {
            residuals.push_back(watts[begin] - level);
        }
    };
    for (const std::size_t point : points) {
        level_up_to(point);
    }
    level_up_to(watts.size());
    const auto found = autocorrelation(residuals, Seconds{1.0});
    return found ? found->long_run_variance : 0.0;
}

// Noise of neighbouring values: blind to levels, and to correlation.
double plain_noise_variance(std::span<const double> watts) {
    std::vector<double> differences;
    for (std::size_t i = 0; i + 1 < watts.size(); ++i) {
        differences.push_back(std::abs(watts[i + 1] - watts[i]));
    }
    const double sigma = 1.4826 * median(differences) / std::sqrt(2.0);
    constexpr double smallest_share = 1e-3; // a quantised plateau has no noise of its own
    return std::max(sigma * sigma, std::pow(smallest_share * mean_of(watts), 2));
}

// Change points with the noise made to fit: levels found with too little noise leave residuals that
// are still correlated, which raises the noise for the next round.
std::vector<std::size_t> levels_of(std::span<const double> watts, std::size_t shortest) {
    double noise = plain_noise_variance(watts);
    std::vector<std::size_t> points = change_points(watts, noise, shortest);
    for (int round = 0; round < 3; ++round) {
        const double shown = long_run_noise(watts, points);
        if (shown <= 1.2 * noise) {
            break;
        }
        noise = shown;
        points = change_points(watts, noise, shortest);
    }
    return points;
}

struct Opening {
    std::size_t end = 0;
    double drop = 0.0; // W, mean of the opening over mean of the rest
    double gain = 0.0;
};

// The change point after which everything is lower than everything before, with the largest gain.
std::optional<Opening> best_opening(std::span<const double> watts,
                                    const std::vector<std::size_t>& points) {
    std::optional<Opening> best;
    const double total = std::accumulate(watts.begin(), watts.end(), 0.0);
    double before = 0.0;
    double lowest_level = std::numeric_limits<double>::infinity();
    std::size_t begin = 0;
    for (const std::size_t point : points) {
        if (2 * point > watts.size()) {
            break;
        }
        const double segment = mean_of(watts.subspan(begin, point - begin));
        before += segment * static_cast<double>(point - begin);
        lowest_level = std::min(lowest_level, segment);
        begin = point;
        const double n_before = static_cast<double>(point);
        const double n_after = static_cast<double>(watts.size() - point);
        const double mean_after = (total - before) / n_after;
        const double drop = before / n_before - mean_after;
        const double gain = n_before * n_after / (n_before + n_after) * drop * drop;
        if (drop > 0.0 && lowest_level >= mean_after + 0.5 * drop &&
            gain > (best ? best->gain : 0.0)) {
            best = Opening{point, drop, gain};
        }
    }
    return best;
}

// At least half of the drop happens within `around` values of its place: a plateau ends, a slow
// decline does not.
bool is_sharp(std::span<const double> watts, const Opening& opening, std::size_t around) {
    const std::size_t left = std::min(around, opening.end);
    const std::size_t right = std::min(around, watts.size() - opening.end);
    return mean_of(watts.subspan(opening.end - left, left)) -
               mean_of(watts.subspan(opening.end, right)) >=
           0.5 * opening.drop;
}

bool is_significant(std::span<const double> watts, const Opening& opening) {
    constexpr double standard_errors = 4.0;
    const auto rest = watts.subspan(opening.end);
    const auto correlation = autocorrelation(rest, Seconds{1.0});
    const double noise = correlation ? correlation->long_run_variance : plain_noise_variance(watts);
    const double error = std::sqrt(
        noise * (1.0 / static_cast<double>(opening.end) + 1.0 / static_cast<double>(rest.size())));
    return opening.drop >= standard_errors * error;
}

std::optional<std::size_t> search(std::span<const double> watts,
                                  std::size_t shortest,
                                  double least_drop) {
    const auto opening = best_opening(watts, levels_of(watts, shortest));
    if (!opening || opening->drop < least_drop || !is_sharp(watts, *opening, 2 * shortest) ||
        !is_significant(watts, *opening)) {
        return std::nullopt;
    }
    return opening->end;
}

} // namespace

std::optional<std::size_t> prefill_end(std::span<const double> watts,
                                       Seconds step,
                                       Seconds resolution,
                                       Watts least_drop) {
    const auto shortest =
        static_cast<std::size_t>(std::max(2.0, std::ceil((resolution / step) - 1e-9)));
    if (watts.size() < 3 * shortest) {
        return std::nullopt;
    }
    const auto head = watts.first(std::min(watts.size(), most_searched));
    if (const auto end = search(head, shortest, least_drop.value())) {
        return end;
    }
    if (watts.size() <= most_searched) {
        return std::nullopt;
    }
    const std::size_t factor = (watts.size() + most_searched - 1) / most_searched;
    std::vector<double> means;
    for (std::size_t i = 0; i + factor <= watts.size(); i += factor) {
        means.push_back(mean_of(watts.subspan(i, factor)));
    }
    const auto end = search(means, std::max<std::size_t>(2, shortest / factor), least_drop.value());
    return end ? std::optional{*end * factor} : std::nullopt;
}

} // namespace joulemark::analysis
