#include "analysis/quantiles.hpp"

#include "analysis/stretches.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <utility>

namespace joulemark::analysis {

namespace {

// One quantile to find: the value at which the cumulated weight reaches `weight`.
struct Target {
    double weight = 0.0;
    std::size_t answer = 0; // where it goes
};

double weight_of(std::span<const WeightedValue> values) {
    return std::accumulate(values.begin(),
                           values.end(),
                           0.0,
                           [](double sum, const WeightedValue& v) { return sum + v.weight; });
}

// Quickselect for several targets at once: halves without a target are never looked into again.
// `targets` increase in weight; `below` is the weight of all values left of `values`.
void select(std::span<WeightedValue> values,
            std::span<const Target> targets,
            double below,
            std::span<double> answers) {
    while (!targets.empty() && values.size() > 1) {
        const std::size_t half = values.size() / 2;
        const auto middle = values.begin() + static_cast<std::ptrdiff_t>(half);
        std::ranges::nth_element(values, middle, {}, &WeightedValue::value);
        const double below_right = below + weight_of(values.first(half));
        const auto first_right = std::ranges::partition_point(
            targets, [&](const Target& target) { return target.weight <= below_right; });
        const auto in_left = static_cast<std::size_t>(first_right - targets.begin());
        select(values.first(half), targets.first(in_left), below, answers);
        values = values.subspan(half);
        targets = targets.subspan(in_left);
        below = below_right;
    }
    for (const Target& target : targets) {
        answers[target.answer] = values.front().value;
    }
}

} // namespace

std::vector<double> weighted_quantiles(std::vector<WeightedValue> values,
                                       std::span<const double> probabilities) {
    std::erase_if(values, [](const WeightedValue& v) { return !(v.weight > 0.0); });
    if (values.empty()) {
        return {};
    }
    const double total = weight_of(values);
    std::vector<Target> targets;
    for (const double probability : probabilities) {
        targets.push_back({std::clamp(probability, 0.0, 1.0) * total, targets.size()});
    }
    std::ranges::sort(targets, {}, &Target::weight);
    std::vector<double> answers(probabilities.size());
    select(values, targets, 0.0, answers);
    return answers;
}

std::vector<Watts> power_quantiles(const PowerView& view,
                                   Window window,
                                   std::span<const double> probabilities) {
    std::vector<WeightedValue> values;
    for (const Window& stretch : stretches_within(view, window).covered) {
        double open_half = 0.0; // weight of the piece before, due to the sample it ends with
        for_each_line(view, stretch, [&](const Sample& a, const Sample& b) {
            const double half = 0.5 * to_seconds(b.time - a.time).value();
            values.push_back({a.watts, open_half + half});
            open_half = half;
        });
        values.push_back({sample_at(view, stretch.end).watts, open_half});
    }
    std::vector<Watts> result;
    for (const double watts : weighted_quantiles(std::move(values), probabilities)) {
        result.push_back(Watts{watts});
    }
    return result;
}

double median(std::span<double> values) {
    if (values.empty()) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    if (values.size() % 2 == 1) {
        return *middle;
    }
    return std::midpoint(*middle, *std::max_element(values.begin(), middle));
}

} // namespace joulemark::analysis
