#include "analysis/change_points.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace joulemark::analysis {

namespace {

struct Split {
    std::size_t begin = 0;
    std::size_t end = 0; // one past the last value
    std::size_t at = 0;  // the right side begins here
    double gain = 0.0;
};

class Segmenter {
public:
    Segmenter(std::span<const double> values, double noise_variance, std::size_t shortest)
        : shortest_(std::max<std::size_t>(shortest, 1)),
          least_gain_((6.0 + 3.0 * std::log(static_cast<double>(values.size()))) * noise_variance) {
        sums_.reserve(values.size() + 1);
        sums_.push_back(0.0);
        for (const double value : values) {
            sums_.push_back(sums_.back() + (value - values.front()));
        }
    }

    [[nodiscard]] std::vector<std::size_t> run() const {
        std::vector<std::size_t> points = accept(candidates());
        // Each round costs O(n); splits move by little after the first.
        for (int round = 0; round < 4; ++round) {
            if (!place_anew(points)) {
                break;
            }
        }
        return points;
    }

private:
    [[nodiscard]] std::size_t size() const { return sums_.size() - 1; }

    // The split of [begin, end) with the largest gain; gain 0 when there is no room for one.
    [[nodiscard]] Split best_split(std::size_t begin, std::size_t end) const {
        Split best{begin, end, begin, 0.0};
        const double total = sums_[end] - sums_[begin];
        const double length = static_cast<double>(end - begin);
        for (std::size_t at = begin + shortest_; at + shortest_ <= end; ++at) {
            const double left = static_cast<double>(at - begin);
            const double off = sums_[at] - sums_[begin] - total * left / length;
            const double gain = off * off * length / (left * (length - left));
            if (gain > best.gain) {
                best.gain = gain;
                best.at = at;
            }
        }
        return best;
    }

    // The best splits, as far as they pay, of the seeded intervals: layer by layer shorter by
    // sqrt(2), within a layer overlapping by about half.
    [[nodiscard]] std::vector<Split> candidates() const {
        std::vector<Split> found;
        const double n = static_cast<double>(size());
        const double least = 2.0 * static_cast<double>(shortest_);
        for (double length = n; length >= least; length /= std::sqrt(2.0)) {
            const double count = 2.0 * std::ceil(n / length) - 1.0;
            const double shift = count > 1.0 ? (n - length) / (count - 1.0) : 0.0;
            for (double i = 0.0; i < count; i += 1.0) {
                const auto begin = static_cast<std::size_t>(i * shift);
                const auto end =
                    static_cast<std::size_t>(std::min(std::ceil(i * shift + length), n));
                const Split split = best_split(begin, end);
                if (split.gain > least_gain_) {
                    found.push_back(split);
                }
            }
        }
        return found;
    }

    [[nodiscard]] static std::vector<std::size_t> accept(std::vector<Split> splits) {
        std::ranges::sort(splits, [](const Split& a, const Split& b) {
            return a.gain != b.gain ? a.gain > b.gain : a.at < b.at;
        });
        std::set<std::size_t> accepted;
        for (const Split& split : splits) {
            const auto inside = accepted.upper_bound(split.begin);
            if (inside == accepted.end() || *inside >= split.end) {
                accepted.insert(split.at);
            }
        }
        return {accepted.begin(), accepted.end()};
    }

    // Moves every point to the best place between its neighbours and drops those that do not pay.
    // True when anything changed.
    [[nodiscard]] bool place_anew(std::vector<std::size_t>& points) const {
        std::vector<std::size_t> kept;
        for (std::size_t i = 0; i < points.size(); ++i) {
            const std::size_t begin = kept.empty() ? 0 : kept.back();
            const std::size_t end = i + 1 < points.size() ? points[i + 1] : size();
            const Split split = best_split(begin, end);
            if (split.gain > least_gain_) {
                kept.push_back(split.at);
            }
        }
        const bool changed = kept != points;
        points = std::move(kept);
        return changed;
    }

    std::size_t shortest_;
    double least_gain_;
    std::vector<double> sums_; // of value - first value
};

} // namespace

std::vector<std::size_t> change_points(std::span<const double> values,
                                       double noise_variance,
                                       std::size_t shortest) {
    if (!(noise_variance > 0.0) || values.size() < 2 * std::max<std::size_t>(shortest, 1)) {
        return {};
    }
    return Segmenter{values, noise_variance, shortest}.run();
}

} // namespace joulemark::analysis
