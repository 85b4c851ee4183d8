// Recordings made up for the tests of the store, and ways to compare them.
#pragma once

#include "core/trace.hpp"

#include <cstddef>
#include <cstdint>

namespace joulemark::test {

// Bit for bit, so that missing readings and signed zeros count.
[[nodiscard]] bool same_bits(const Columns& a, const Columns& b);

// Power in mW steps with noise, an energy counter in mJ, times in µs with a late wake-up now and
// then: what a sampler leaves behind. Rows first .. first + count of one endless recording,
// `period_ns` apart.
[[nodiscard]] Columns power_samples(std::size_t first,
                                    std::size_t count,
                                    std::int64_t period_ns = 10'000'000);

// Temperature, clocks and throttle bits every 500 ms.
[[nodiscard]] Columns slow_samples(std::size_t first, std::size_t count);

// Trapezoid over one metric, in unit times seconds.
[[nodiscard]] double trapezoid(const Columns& columns, Metric metric);

} // namespace joulemark::test
