#include "store/columns.hpp"

#include "core/random.hpp"
#include "core/throttle.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace joulemark::test {

bool same_bits(const Columns& a, const Columns& b) {
    const auto same = [](double x, double y) {
        return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
    };
    return a.time == b.time && std::ranges::equal(a.column, b.column, [&](auto& x, auto& y) {
               return std::ranges::equal(x, y, same);
           });
}

Columns power_samples(std::size_t first, std::size_t count, std::int64_t period_ns) {
    const RandomStream jitter(7, 1);
    const RandomStream noise(7, 2);
    Columns columns;
    for (std::size_t i = first; i < first + count; ++i) {
        const auto late_us = std::lround(std::abs(jitter.normal(i)) * 30.0);
        const double load = i / 1000 % 2 == 0 ? 120.0 : 480.0;
        const auto mw = std::lround((load + 3.0 * noise.normal(i)) * 1000.0);
        columns.time.push_back(
            instant_at(1'000'000'000 + static_cast<std::int64_t>(i) * period_ns + late_us * 1000));
        columns.values(Metric::power).push_back(static_cast<double>(mw) / 1000.0);
        columns.values(Metric::energy_counter).push_back(static_cast<double>(3001 * i) / 1000.0);
    }
    return columns;
}

Columns slow_samples(std::size_t first, std::size_t count) {
    Columns columns;
    for (std::size_t i = first; i < first + count; ++i) {
        columns.time.push_back(
            instant_at(1'000'000'000 + static_cast<std::int64_t>(i) * 500'000'000));
        columns.values(Metric::temperature).push_back(40.0 + static_cast<double>(i % 30));
        columns.values(Metric::sm_clock).push_back(i % 7 == 0 ? 1.395e9 : 1.98e9);
        columns.values(Metric::throttle_reasons)
            .push_back(i % 5 == 0 ? static_cast<double>(bit(Throttle::power_cap)) : 0.0);
    }
    return columns;
}

double trapezoid(const Columns& columns, Metric metric) {
    const auto values = columns.values(metric);
    double sum = 0.0;
    for (std::size_t i = 1; i < columns.size(); ++i) {
        const double seconds = to_seconds(columns.time[i] - columns.time[i - 1]).value();
        sum += 0.5 * (values[i] + values[i - 1]) * seconds;
    }
    return sum;
}

} // namespace joulemark::test
