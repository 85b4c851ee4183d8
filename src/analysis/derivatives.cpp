#include "analysis/derivatives.hpp"

#include "analysis/quantiles.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <utility>

namespace joulemark::analysis {

namespace {

// Makes a median absolute deviation the standard deviation of a normal distribution.
constexpr double deviation_of_median = 1.4826;

// Steps to either side of a window's middle, at most what the grid holds.
std::size_t half_width(const UniformGrid& grid, Seconds window) {
    const double half = 0.5 * window.value() / grid.step().value();
    const double most = static_cast<double>((grid.power_watts.size() - 1) / 2);
    return static_cast<std::size_t>(std::clamp(std::ceil(half - 1e-9), 1.0, std::max(most, 1.0)));
}

// Numbers of nodes that are not valid before each node.
std::vector<std::size_t> invalid_before(const UniformGrid& grid) {
    std::vector<std::size_t> count(grid.valid.size() + 1, 0);
    for (std::size_t k = 0; k < grid.valid.size(); ++k) {
        count[k + 1] = count[k] + (grid.valid[k] == 0 ? 1 : 0);
    }
    return count;
}

double mean_of(const std::vector<double>& values, std::size_t first, std::size_t last) {
    const auto begin = values.begin();
    const double sum = std::accumulate(begin + static_cast<std::ptrdiff_t>(first),
                                       begin + static_cast<std::ptrdiff_t>(last) + 1,
                                       0.0);
    return sum / static_cast<double>(last - first + 1);
}

// Noise by blocks, of the differences whose nodes all lie above `floor`.
std::vector<WeightedValue> noise_above(const UniformGrid& grid, double floor) {
    constexpr std::size_t block = 64;
    const std::vector<double>& p = grid.power_watts;
    const std::size_t span = p.size() >= 8 ? 4 : 1;
    const double to_noise = deviation_of_median * std::sqrt(0.5 * static_cast<double>(span));
    std::vector<WeightedValue> blocks;
    std::vector<double> differences;
    const auto close = [&] {
        if (!differences.empty()) {
            const auto weight = static_cast<double>(differences.size());
            blocks.push_back({to_noise * median(differences), weight});
            differences.clear();
        }
    };
    std::size_t usable = 0; // nodes in a row
    for (std::size_t k = 0; k < p.size(); ++k) {
        usable = grid.valid[k] != 0 && p[k] > floor ? usable + 1 : 0;
        if (usable >= 2 * span) {
            const double here = mean_of(p, k + 1 - 2 * span, k - span);
            const double next = mean_of(p, k + 1 - span, k);
            differences.push_back(std::abs(next - here));
        }
        if (differences.size() == block) {
            close();
        }
    }
    close();
    return blocks;
}

// A linear rise of length d changes the level by slope * d. Seen over T > d, the fitted slope times
// T is more than the whole change of level around the window; over T < d it is less.
bool is_over_within(const UniformGrid& grid, std::size_t node, std::size_t half, double slope) {
    constexpr double full_step = 0.95;
    const std::size_t last = grid.power_watts.size() - 1;
    const std::size_t before_end = node - std::min(half, node);
    const std::size_t after_begin = std::min(node + half, last);
    const double before =
        mean_of(grid.power_watts, before_end - std::min(half, before_end), before_end);
    const double after = mean_of(grid.power_watts, after_begin, std::min(after_begin + half, last));
    const double change = (after - before) * (slope < 0.0 ? -1.0 : 1.0);
    const double seen = std::abs(slope) * 2.0 * static_cast<double>(half) * grid.step().value();
    return seen >= full_step * change;
}

} // namespace

WattsPerSecond slope_noise(Watts sigma, Seconds step, Seconds window) {
    const double t = window.value();
    return WattsPerSecond{sigma.value() * std::sqrt(12.0 * step.value() / (t * t * t))};
}

Seconds slope_window(Watts sigma, Seconds step, WattsPerSecond threshold, Seconds resolution) {
    const double ratio = 5.0 * (sigma / threshold).value();
    const double wanted =
        std::max(std::cbrt(12.0 * step.value() * ratio * ratio), resolution.value());
    const double pairs = std::max(std::ceil(0.5 * wanted / step.value() - 1e-9), 1.0);
    return 2.0 * pairs * step;
}

std::optional<NoiseLevel> noise_level(const UniformGrid& grid) {
    constexpr double one_level = 8.0; // a range of so many standard deviations is noise
    const auto all = noise_above(grid, -std::numeric_limits<double>::infinity());
    if (all.empty()) {
        return std::nullopt;
    }
    const auto level = weighted_quantiles(all, std::array{0.1, 0.5});
    NoiseLevel noise{Watts{level[0]}, Watts{level[1]}};
    std::vector<WeightedValue> watts;
    for (const double p : grid.power_watts) {
        watts.push_back({p, 1.0});
    }
    const auto range = weighted_quantiles(std::move(watts), std::array{0.05, 0.95});
    if (range[1] - range[0] > one_level * level[0]) {
        const auto upper = noise_above(grid, std::midpoint(range[0], range[1]));
        if (!upper.empty()) {
            noise.working = Watts{weighted_quantiles(upper, std::array{0.5}).front()};
        }
    }
    return noise;
}

std::vector<double> slopes(const UniformGrid& grid, Seconds window) {
    const std::vector<double>& p = grid.power_watts;
    if (p.size() < 2) {
        return {};
    }
    const double step = grid.step().value();
    if (p.size() == 2) {
        return std::vector<double>(2, (p[1] - p[0]) / step);
    }
    const std::size_t half = half_width(grid, window);
    const std::size_t width = 2 * half + 1;
    const double r = static_cast<double>(half);
    const double scale = 3.0 / (r * (r + 1.0) * (2.0 * r + 1.0) * step); // 1 / (step * sum of j^2)

    std::vector<double> result(p.size());
    double sum = 0.0;    // of p - p[k] over the window
    double moment = 0.0; // of j * (p - p[k]), j counted from the middle
    double level = 0.0;
    const std::size_t last_middle = p.size() - 1 - half;
    for (std::size_t k = half; k <= last_middle; ++k) {
        if ((k - half) % width == 0) { // afresh, so that rounding does not pile up
            level = p[k];
            sum = 0.0;
            moment = 0.0;
            for (std::size_t i = k - half; i <= k + half; ++i) {
                sum += p[i] - level;
                moment += (static_cast<double>(i) - static_cast<double>(k)) * (p[i] - level);
            }
        } else {
            const double leaving = p[k - half - 1] - level;
            const double entering = p[k + half] - level;
            moment += (r + 1.0) * leaving + r * entering - sum;
            sum += entering - leaving;
        }
        result[k] = moment * scale;
    }
    std::fill_n(result.begin(), half, result[half]);
    std::fill(result.begin() + static_cast<std::ptrdiff_t>(last_middle) + 1,
              result.end(),
              result[last_middle]);
    return result;
}

std::optional<Derivatives> derivatives(const UniformGrid& grid,
                                       const SensorLimits& sensor,
                                       WattsPerSecond threshold) {
    constexpr std::size_t fewest_nodes = 4;
    if (grid.power_watts.size() < fewest_nodes) {
        return std::nullopt;
    }
    Derivatives result;
    if (const auto noise = noise_level(grid)) {
        result.noise = noise->working;
    }
    const Seconds wanted =
        slope_window(result.noise, grid.step(), threshold, sensor_resolution(sensor, grid.step()));
    const std::size_t half = half_width(grid, wanted);
    result.window = 2.0 * static_cast<double>(half) * grid.step();

    const std::vector<double> slope = slopes(grid, wanted);
    const std::vector<std::size_t> invalid = invalid_before(grid);
    std::vector<WeightedValue> steepness;
    std::optional<std::size_t> steepest_rise;
    std::optional<std::size_t> steepest_fall;
    const double rounding = 1e-9 * std::ranges::max(grid.power_watts) / result.window.value();
    for (std::size_t k = half; k + half < slope.size(); ++k) {
        if (invalid[k + half + 1] != invalid[k - half]) {
            continue;
        }
        steepness.push_back({std::abs(slope[k]), 1.0});
        if (slope[k] > (steepest_rise ? slope[*steepest_rise] : rounding)) {
            steepest_rise = k;
        }
        if (slope[k] < (steepest_fall ? slope[*steepest_fall] : -rounding)) {
            steepest_fall = k;
        }
    }
    if (steepness.empty()) {
        return std::nullopt;
    }
    result.p99_abs =
        WattsPerSecond{weighted_quantiles(std::move(steepness), std::array{0.99}).front()};

    // Six standard deviations: the largest of a million slopes of noise is below that.
    const double significant = 6.0 * slope_noise(result.noise, grid.step(), result.window).value();
    const auto slew_at = [&](std::size_t k) {
        const bool unresolved =
            std::abs(slope[k]) > significant && is_over_within(grid, k, half, slope[k]);
        return Slew{WattsPerSecond{slope[k]}, grid.time(k), unresolved};
    };
    if (steepest_rise) {
        result.max_ramp = slew_at(*steepest_rise);
    }
    if (steepest_fall) {
        result.max_fall = slew_at(*steepest_fall);
    }
    return result;
}

} // namespace joulemark::analysis
