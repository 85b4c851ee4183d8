#include "analysis/uniform_grid.hpp"

#include "analysis/stretches.hpp"

#include <algorithm>
#include <cmath>

namespace joulemark::analysis {

namespace {

// Walks along the readings' chords, gaps included, and returns the energy of each piece. Positions
// are nanoseconds since `origin` as doubles: exact for 104 days, and edges need not be whole.
class ChordWalk {
public:
    ChordWalk(const PowerView& view, Instant origin)
        : view_(view), origin_(origin), watts_(sample_at(view, origin).watts) {
        const auto after = std::ranges::upper_bound(view.time, origin);
        next_ = static_cast<std::size_t>(after - view.time.begin());
        skip_missing();
    }

    // Watt nanoseconds from the present position to `to`, which becomes the position.
    double advance(double to) {
        double energy = 0.0;
        while (next_ < view_.time.size() && offset(next_) <= to) {
            const double watts = view_.power_watts[next_];
            energy += 0.5 * (watts_ + watts) * (offset(next_) - position_);
            position_ = offset(next_);
            watts_ = watts;
            ++next_;
            skip_missing();
        }
        if (position_ < to && next_ < view_.time.size()) {
            const double share = (to - position_) / (offset(next_) - position_);
            const double watts = watts_ + (view_.power_watts[next_] - watts_) * share;
            energy += 0.5 * (watts_ + watts) * (to - position_);
            position_ = to;
            watts_ = watts;
        }
        return energy;
    }

private:
    [[nodiscard]] double offset(std::size_t i) const {
        return static_cast<double>((view_.time[i] - origin_).count());
    }
    void skip_missing() {
        while (next_ < view_.time.size() && !is_reading(view_.power_watts[next_])) {
            ++next_;
        }
    }

    const PowerView& view_;
    Instant origin_;
    std::size_t next_ = 0;  // the next good reading
    double position_ = 0.0; // ns since origin
    double watts_;          // at the position
};

// Clears the marks of all cells that overlap a gap. Cell k covers [edge(k), edge(k + 1)] in units
// of cells; `shift` is where cell 0 begins.
void mark_gaps(const PowerView& view,
               Window window,
               double cell_ns,
               double shift,
               std::vector<std::uint8_t>& valid) {
    const double cells = static_cast<double>(valid.size());
    for (const Window& gap : gaps_within(view.gaps, window)) {
        const double begin = static_cast<double>((gap.begin - window.begin).count()) / cell_ns;
        const double end = static_cast<double>((gap.end - window.begin).count()) / cell_ns;
        const double first = std::clamp(std::floor(begin - shift), 0.0, cells);
        const double last = std::clamp(std::ceil(end - shift), 0.0, cells);
        std::fill(valid.begin() + static_cast<std::ptrdiff_t>(first),
                  valid.begin() + static_cast<std::ptrdiff_t>(last),
                  std::uint8_t{0});
    }
}

double length_ns(Window window) { return static_cast<double>(window.length().count()); }

} // namespace

Seconds UniformGrid::step() const {
    return to_seconds(window.length()) / static_cast<double>(intervals());
}

Instant UniformGrid::time(std::size_t node) const {
    if (node == intervals()) {
        return window.end;
    }
    const double share = static_cast<double>(node) / static_cast<double>(intervals());
    return window.begin + Nanoseconds{std::llround(length_ns(window) * share)};
}

std::size_t UniformGrid::nearest_node(Instant t) const {
    const Instant inside = std::clamp(t, window.begin, window.end);
    const double share = static_cast<double>((inside - window.begin).count()) / length_ns(window);
    return static_cast<std::size_t>(std::llround(share * static_cast<double>(intervals())));
}

Joules UniformGrid::energy() const {
    double sum = -0.5 * (power_watts.front() + power_watts.back());
    for (const double watts : power_watts) {
        sum += watts;
    }
    return Joules{sum * step().value()};
}

Seconds grid_step(Seconds length,
                  Seconds median_interval,
                  std::optional<Seconds> update_period,
                  std::size_t max_points) {
    constexpr double measured_tolerance = 0.99; // a 20 ms poll that took 20.01 ms is a 20 ms poll
    const double measured =
        measured_tolerance *
        std::max(median_interval.value(), update_period.value_or(Seconds{0.0}).value());
    const double points = static_cast<double>(std::max<std::size_t>(max_points, 2) - 1);
    const double target = std::max(measured, length.value() / points);
    if (!(target > 0.0) || !std::isfinite(target)) {
        return Seconds{1e-9};
    }
    for (int exponent = static_cast<int>(std::floor(std::log10(target)));; ++exponent) {
        for (const double digit : {1.0, 2.0, 5.0}) {
            // Division by a positive power keeps 0.1 and 0.02 the numbers that are written so.
            const double step =
                exponent < 0 ? digit / std::pow(10.0, -exponent) : digit * std::pow(10.0, exponent);
            if (step >= target) {
                return Seconds{step};
            }
        }
    }
}

std::optional<UniformGrid> node_means(const PowerView& view, Window window, Seconds target_step) {
    const auto covered = covered_window(view, window);
    if (!covered) {
        return std::nullopt;
    }
    constexpr double rounding = 1.0 + 1e-12; // 60 s / 0.02 s is 3,000 intervals
    const double length = length_ns(*covered);
    const double wanted = std::floor(length * 1e-9 / target_step.value() * rounding);
    const double most = static_cast<double>(max_grid_points - 1);
    const double intervals = wanted >= 1.0 ? std::min(wanted, most) : 1.0;
    const auto count = static_cast<std::size_t>(intervals);

    UniformGrid grid{
        *covered, std::vector<double>(count + 1), std::vector<std::uint8_t>(count + 1, 1)};
    ChordWalk walk{view, covered->begin};
    double edge = 0.0;
    for (std::size_t k = 0; k < count; ++k) {
        const double next = length * ((static_cast<double>(k) + 0.5) / intervals);
        grid.power_watts[k] = walk.advance(next) / (next - edge);
        edge = next;
    }
    grid.power_watts[count] = walk.advance(length) / (length - edge);
    mark_gaps(view, *covered, length / intervals, -0.5, grid.valid);
    return grid;
}

std::optional<BinMeans> bin_means(const PowerView& view, Window window, Seconds width) {
    const auto covered = covered_window(view, window);
    if (!covered || !(width.value() > 0.0)) {
        return std::nullopt;
    }
    constexpr double rounding = 1.0 + 1e-12;
    const double length = length_ns(*covered);
    const double bin = std::max(width.value() * 1e9, length / static_cast<double>(max_grid_points));
    const auto count = static_cast<std::size_t>(length / bin * rounding);
    if (count == 0) {
        return std::nullopt;
    }
    BinMeans means{covered->begin,
                   Seconds{bin * 1e-9},
                   std::vector<double>(count),
                   std::vector<std::uint8_t>(count, 1),
                   Seconds{0.0}};
    ChordWalk walk{view, covered->begin};
    for (std::size_t k = 0; k < count; ++k) {
        means.power_watts[k] =
            walk.advance(std::min(static_cast<double>(k + 1) * bin, length)) / bin;
    }
    means.dropped = Seconds{std::max(0.0, length - static_cast<double>(count) * bin) * 1e-9};
    mark_gaps(view, *covered, bin, 0.0, means.valid);
    return means;
}

} // namespace joulemark::analysis
