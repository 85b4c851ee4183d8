#include "analysis/moment_sums.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace joulemark::analysis {

namespace {

constexpr std::size_t lanes = 4;
constexpr std::size_t block_intervals = 1024;
constexpr double infinity = std::numeric_limits<double>::infinity();

struct BlockSums {
    double first = 0.0;  // sum ((a - level) + (b - level)) dt, W ns: twice the integral
    double second = 0.0; // sum ((a - level)^2 + (b - level)^2) dt, W^2 ns: twice the integral
    double lowest = infinity;
    double highest = -infinity;
};

// Exact for 0 <= ns < 2^52, in operations that vectors of the baseline have: the integer becomes
// the mantissa of a number between 2^52 and 2^53.
inline double small_to_double(std::int64_t ns) {
    constexpr std::uint64_t exponent_52 = 0x4330'0000'0000'0000;
    return std::bit_cast<double>(static_cast<std::uint64_t>(ns) | exponent_52) - 0x1p52;
}
constexpr Nanoseconds longest_block{std::int64_t{1} << 52};

// `count` intervals between count + 1 readings; the extremes are of the first `count` readings.
BlockSums sum_block(const Instant* time, const double* watts, std::size_t count, double level) {
    std::array<double, lanes> first{};
    std::array<double, lanes> second{};
    std::array<double, lanes> lowest;
    std::array<double, lanes> highest;
    lowest.fill(infinity);
    highest.fill(-infinity);
    std::size_t i = 0;
    const auto add = [&](std::size_t at, std::size_t lane) {
        const double dt = small_to_double((time[at + 1] - time[at]).count());
        const double a = watts[at] - level;
        const double b = watts[at + 1] - level;
        first[lane] += (a + b) * dt;
        second[lane] += (a * a + b * b) * dt;
        lowest[lane] = watts[at] < lowest[lane] ? watts[at] : lowest[lane];
        highest[lane] = watts[at] > highest[lane] ? watts[at] : highest[lane];
    };
    for (; i + lanes <= count; i += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            add(i + lane, lane);
        }
    }
    for (; i < count; ++i) {
        add(i, 0);
    }
    BlockSums sums;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        sums.first += first[lane];
        sums.second += second[lane];
        sums.lowest = std::min(sums.lowest, lowest[lane]);
        sums.highest = std::max(sums.highest, highest[lane]);
    }
    return sums;
}

} // namespace

void MomentSums::Compensated::add(double x) {
    const double sum = sum_ + x;
    lost_ += std::abs(sum_) >= std::abs(x) ? (sum_ - sum) + x : (x - sum) + sum_;
    sum_ = sum;
}

void MomentSums::note(Instant time, double watts) {
    lowest_ = std::min(lowest_, watts);
    if (watts > highest_) {
        highest_ = watts;
        time_of_highest_ = time;
    }
}

void MomentSums::add_line(Instant from, double from_watts, Instant to, double to_watts) {
    note(from, from_watts);
    note(to, to_watts);
    const double half_dt = 0.5 * to_seconds(to - from).value();
    const double a = from_watts - level_;
    const double b = to_watts - level_;
    first_.add((a + b) * half_dt);
    second_.add((a * a + b * b) * half_dt);
}

void MomentSums::add_readings(std::span<const Instant> time, std::span<const double> watts) {
    constexpr double half_ns = 0.5e-9;
    const std::size_t last = time.size() - 1;
    std::size_t begin = 0; // always a good reading
    while (begin < last) {
        std::size_t end = std::min(begin + block_intervals, last);
        const BlockSums block =
            sum_block(time.data() + begin, watts.data() + begin, end - begin, level_);
        if (std::isfinite(block.second) && time[end] - time[begin] < longest_block) {
            first_.add(block.first * half_ns);
            second_.add(block.second * half_ns);
            lowest_ = std::min(lowest_, block.lowest);
            if (block.highest > highest_) {
                highest_ = block.highest;
                const auto peak = std::find(watts.data() + begin, watts.data() + end, highest_);
                time_of_highest_ = time[static_cast<std::size_t>(peak - watts.data())];
            }
        } else {
            while (!std::isfinite(watts[end])) {
                ++end; // the last reading of all is good
            }
            add_one_by_one(time.subspan(begin, end - begin + 1),
                           watts.subspan(begin, end - begin + 1));
        }
        begin = end;
    }
    note(time[last], watts[last]);
}

void MomentSums::add_one_by_one(std::span<const Instant> time, std::span<const double> watts) {
    std::size_t previous = 0;
    for (std::size_t i = 1; i < time.size(); ++i) {
        if (std::isfinite(watts[i])) {
            add_line(time[previous], watts[previous], time[i], watts[i]);
            previous = i;
        }
    }
}

} // namespace joulemark::analysis
