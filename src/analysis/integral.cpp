#include "analysis/integral.hpp"

#include "analysis/moment_sums.hpp"
#include "analysis/stretches.hpp"

#include <algorithm>
#include <cstddef>

namespace joulemark::analysis {

namespace {

double seconds_between(Instant a, Instant b) { return to_seconds(b - a).value(); }

} // namespace

Integral integrate(const PowerView& view, Window window) {
    const auto moments = power_moments(view, window);
    if (!moments) {
        return {Joules{0.0}, stretches_within(view, window).coverage};
    }
    return moments->integral;
}

std::optional<PowerMoments> power_moments(const PowerView& view, Window window) {
    const Stretches stretches = stretches_within(view, window);
    if (stretches.covered.empty()) {
        return std::nullopt;
    }
    // About a level near the mean, so that the variance does not drown in the square of the mean.
    const double level = sample_at(view, stretches.covered.front().begin).watts;
    MomentSums sums{level};
    for (const Window& stretch : stretches.covered) {
        const Sample begin = sample_at(view, stretch.begin);
        const Sample end = sample_at(view, stretch.end);
        const auto [first, count] = readings_inside(view, stretch);
        if (count == 0) {
            sums.add_line(begin.time, begin.watts, end.time, end.watts);
            continue;
        }
        const auto time = view.time.subspan(first, count);
        const auto watts = view.power_watts.subspan(first, count);
        sums.add_line(begin.time, begin.watts, time.front(), watts.front());
        sums.add_readings(time, watts);
        sums.add_line(time.back(), watts.back(), end.time, end.watts);
    }
    const double covered = to_seconds(stretches.coverage.covered).value();
    const double mean_above = sums.first() / covered;
    PowerMoments result;
    result.integral = {Joules{sums.first() + level * covered}, stretches.coverage};
    result.mean = Watts{level + mean_above};
    result.variance = std::max(0.0, sums.second() / covered - mean_above * mean_above);
    result.min = Watts{sums.lowest()};
    result.peak = Watts{sums.highest()};
    result.peak_time = sums.time_of_highest();
    return result;
}

CumulativeEnergy::CumulativeEnergy(const PowerView& view) {
    const auto extent = covered_window(view, {Instant::min(), Instant::max()});
    if (!extent) {
        return;
    }
    const std::vector<Window> gaps = gaps_within(view.gaps, *extent);
    std::vector<Sample> samples;
    samples.reserve(view.time.size() + 2 * gaps.size());
    for (std::size_t i = 0; i < view.time.size(); ++i) {
        if (is_reading(view.power_watts[i])) {
            samples.push_back({view.time[i], view.power_watts[i]});
        }
    }
    for (const Window& gap : gaps) {
        samples.push_back(sample_at(view, gap.begin));
        samples.push_back(sample_at(view, gap.end));
    }
    std::ranges::sort(samples, {}, &Sample::time);
    const auto repeated = std::ranges::unique(samples, {}, &Sample::time);
    samples.erase(repeated.begin(), repeated.end());

    nodes_.reserve(samples.size());
    auto gap = gaps.begin();
    double energy = 0.0;
    double lost = 0.0; // Kahan compensation
    Nanoseconds covered{0};
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const Sample& sample = samples[i];
        if (i > 0 && !nodes_.back().gap_follows) {
            const Sample& previous = samples[i - 1];
            const double piece = 0.5 * (previous.watts + sample.watts) *
                                     seconds_between(previous.time, sample.time) -
                                 lost;
            const double sum = energy + piece;
            lost = (sum - energy) - piece;
            energy = sum;
            covered += sample.time - previous.time;
        }
        while (gap != gaps.end() && gap->end <= sample.time) {
            ++gap;
        }
        const bool in_gap = gap != gaps.end() && gap->begin <= sample.time;
        nodes_.push_back({sample.time, sample.watts, energy, covered, in_gap});
    }
}

CumulativeEnergy::Point CumulativeEnergy::at(Instant t) const {
    const auto after = std::ranges::upper_bound(nodes_, t, {}, &Node::time);
    if (after == nodes_.begin()) {
        return {};
    }
    const Node& from = *(after - 1);
    if (after == nodes_.end() || from.gap_follows || from.time == t) {
        return {from.energy_joules, from.covered};
    }
    const double share = seconds_between(from.time, t) / seconds_between(from.time, after->time);
    const double watts = from.power_watts + (after->power_watts - from.power_watts) * share;
    return {from.energy_joules + 0.5 * (from.power_watts + watts) * seconds_between(from.time, t),
            from.covered + (t - from.time)};
}

Integral CumulativeEnergy::over(Window window) const {
    const Nanoseconds length = std::max(window.length(), Nanoseconds{0});
    if (nodes_.empty() || window.end <= nodes_.front().time || window.begin >= nodes_.back().time ||
        length == Nanoseconds{0}) {
        return {Joules{0.0}, {Nanoseconds{0}, Nanoseconds{0}, length}};
    }
    const Window inside{std::max(window.begin, nodes_.front().time),
                        std::min(window.end, nodes_.back().time)};
    const Point begin = at(inside.begin);
    const Point end = at(inside.end);
    const Nanoseconds covered = end.covered - begin.covered;
    return {Joules{end.energy_joules - begin.energy_joules},
            {covered, inside.length() - covered, length - inside.length()}};
}

} // namespace joulemark::analysis
