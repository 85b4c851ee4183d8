// Counts durations in buckets of constant relative width (1/16), so that quantiles of millions of
// them cost a fixed 5 kB and no allocation. Belongs to one thread.
#pragma once

#include "core/time.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace joulemark::sampler {

class DurationHistogram {
public:
    // Negative durations count as zero, those beyond 73 minutes as 73 minutes; `largest` keeps the
    // true one.
    void add(Nanoseconds duration) {
        const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
        ++buckets_[bucket_of(std::min(ns, limit))];
        ++count_;
        largest_ = std::max(largest_, duration);
    }

    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] Nanoseconds largest() const { return largest_; }

    // A bound that the share `q` of all durations does not exceed, at most 1/16 above the true
    // quantile. Zero when nothing was counted.
    [[nodiscard]] Nanoseconds quantile(double q) const {
        const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_)));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            seen += buckets_[i];
            if (seen >= std::max<std::uint64_t>(rank, 1)) {
                return std::min(upper_edge(i), largest_);
            }
        }
        return largest_;
    }

private:
    static constexpr unsigned detail_bits = 4;
    static constexpr std::uint64_t detail = 1U << detail_bits;
    static constexpr unsigned value_bits = 42;
    static constexpr std::uint64_t limit = (std::uint64_t{1} << value_bits) - 1;

    // Values below 16 have a bucket each; above, each octave has 16.
    static constexpr std::size_t bucket_of(std::uint64_t ns) {
        if (ns < detail) {
            return ns;
        }
        const auto shift = static_cast<unsigned>(std::bit_width(ns)) - detail_bits - 1;
        return shift * detail + (ns >> shift);
    }
    static constexpr Nanoseconds upper_edge(std::size_t bucket) {
        const auto shift = bucket < 2 * detail ? 0U : static_cast<unsigned>(bucket / detail - 1);
        const std::uint64_t beyond = (bucket - shift * detail + 1) << shift;
        return Nanoseconds{static_cast<std::int64_t>(beyond - 1)};
    }

    std::array<std::uint64_t, (value_bits - detail_bits + 1) * detail> buckets_{};
    std::uint64_t count_ = 0;
    Nanoseconds largest_{0};
};

} // namespace joulemark::sampler
