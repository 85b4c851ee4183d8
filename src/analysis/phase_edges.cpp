#include "analysis/phase_edges.hpp"

#include "analysis/quantiles.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

namespace joulemark::analysis {

namespace {

constexpr double tolerance_share = 0.05; // of the height: near enough to the plateau

// The nodes as met on the way from the foot to the bound: step 0 is the foot, positive steps lead
// towards the bound, whatever side it is on.
class Way {
public:
    Way(const UniformGrid& grid, std::span<const double> slope, std::size_t foot, std::size_t bound)
        : grid_(grid), slope_(slope), foot_(static_cast<std::ptrdiff_t>(foot)),
          direction_(foot <= bound ? 1 : -1),
          steps_(std::abs(static_cast<std::ptrdiff_t>(bound) - foot_)) {}

    [[nodiscard]] std::ptrdiff_t steps() const { return steps_; }
    [[nodiscard]] double direction() const { return static_cast<double>(direction_); }
    [[nodiscard]] std::size_t node(std::ptrdiff_t step) const {
        const std::ptrdiff_t last = std::ssize(grid_.power_watts) - 1;
        return static_cast<std::size_t>(
            std::clamp<std::ptrdiff_t>(foot_ + direction_ * step, 0, last));
    }
    [[nodiscard]] double watts(std::ptrdiff_t step) const { return grid_.power_watts[node(step)]; }
    // W/s, positive when power grows along the way.
    [[nodiscard]] double slope(std::ptrdiff_t step) const {
        return direction() * slope_[node(step)];
    }
    [[nodiscard]] bool touches_gap(std::ptrdiff_t from, std::ptrdiff_t to) const {
        for (std::ptrdiff_t step = from; step <= to; ++step) {
            if (grid_.valid[node(step)] == 0) {
                return true;
            }
        }
        return false;
    }

private:
    const UniformGrid& grid_;
    std::span<const double> slope_;
    std::ptrdiff_t foot_;
    std::ptrdiff_t direction_;
    std::ptrdiff_t steps_;
};

// The first step after which power no longer grows over the next T, `reach` steps.
std::ptrdiff_t first_level_step(const Way& way, double least_rate, std::ptrdiff_t reach) {
    std::ptrdiff_t step = 0;
    while (step < way.steps() && way.slope(step + reach / 2) >= 0.5 * least_rate) {
        ++step;
    }
    return step;
}

// Median of the nodes from one step to another that are in the upper half over the foot: a burst
// shorter than T has its fall in there too.
double plateau_level(const Way& way, std::ptrdiff_t from, std::ptrdiff_t to) {
    double highest = way.watts(from);
    for (std::ptrdiff_t step = from; step <= to; ++step) {
        highest = std::max(highest, way.watts(step));
    }
    const double half = 0.5 * (way.watts(0) + highest);
    std::vector<double> upper;
    for (std::ptrdiff_t step = from; step <= to; ++step) {
        if (way.watts(step) >= half) {
            upper.push_back(way.watts(step));
        }
    }
    return median(upper);
}

double level_before(const Way& way) {
    constexpr std::ptrdiff_t looked_back = 8;
    std::vector<double> before;
    for (std::ptrdiff_t step = -looked_back; step <= 0; ++step) {
        before.push_back(way.watts(step));
    }
    return median(before);
}

// Watts over steps: p = offset + rise * step.
struct Line {
    double offset = 0.0;
    double rise = 0.0;

    [[nodiscard]] double step_at(double watts) const { return (watts - offset) / rise; }
};

// Least squares through the nodes between 20 and 80 % of the way from `low` to `high`.
std::optional<Line> middle_line(const Way& way, std::ptrdiff_t top, double low, double high) {
    double n = 0.0;
    double sum_x = 0.0;
    double sum_y = 0.0;
    double sum_xx = 0.0;
    double sum_xy = 0.0;
    for (std::ptrdiff_t step = 0; step <= top; ++step) {
        const double y = way.watts(step) - low;
        if (y < 0.2 * (high - low) || y > 0.8 * (high - low)) {
            continue;
        }
        const double x = static_cast<double>(step);
        n += 1.0;
        sum_x += x;
        sum_y += y;
        sum_xx += x * x;
        sum_xy += x * y;
    }
    const double spread = n * sum_xx - sum_x * sum_x;
    if (n < 3.0 || !(spread > 0.0)) {
        return std::nullopt;
    }
    const double rise = (n * sum_xy - sum_x * sum_y) / spread;
    if (!(rise > 0.0)) {
        return std::nullopt;
    }
    return Line{low + (sum_y - rise * sum_x) / n, rise};
}

} // namespace

std::optional<Edge> find_edge(const UniformGrid& grid,
                              std::span<const double> slope,
                              const EdgeRule& rule,
                              std::size_t foot,
                              std::size_t bound) {
    if (foot == bound) {
        return std::nullopt;
    }
    const Way way{grid, slope, foot, bound};
    const double step = grid.step().value();
    const std::ptrdiff_t reach = std::lround(rule.slope_window.value() / step);
    const std::ptrdiff_t levelled = first_level_step(way, rule.least_rate.value(), reach);
    const double level = plateau_level(way, levelled, std::min(levelled + reach, way.steps()));
    const double rest = level_before(way);
    const double height = level - rest;
    const double tolerance = std::max(2.0 * rule.noise.value(), tolerance_share * height);
    std::ptrdiff_t top = 1;
    while (top < way.steps() && way.watts(top) < level - tolerance) {
        ++top;
    }
    const double length = static_cast<double>(top) * step;
    const double rate = (way.watts(top) - way.watts(0)) / length;
    if (rate < rule.least_rate.value() || way.touches_gap(0, top)) {
        return std::nullopt;
    }
    std::ptrdiff_t bottom = 0;
    const bool resolved = length > rule.resolution.value();
    if (const auto line = resolved ? middle_line(way, top, rest, level) : std::nullopt) {
        const std::ptrdiff_t furthest = top / 4;
        const auto meets_rest = static_cast<std::ptrdiff_t>(
            std::floor(std::max(line->step_at(rest), -static_cast<double>(furthest))));
        const auto meets_plateau = static_cast<std::ptrdiff_t>(
            std::ceil(std::min(line->step_at(level), static_cast<double>(top + furthest))));
        bottom = std::min<std::ptrdiff_t>(bottom, meets_rest);
        top = std::min(std::max(top, meets_plateau), way.steps());
    }
    return Edge{way.node(bottom),
                way.node(top),
                WattsPerSecond{way.direction() * rate},
                Watts{height},
                resolved};
}

} // namespace joulemark::analysis
