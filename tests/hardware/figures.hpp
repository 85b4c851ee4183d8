// What a dense recording says about a sensor. Pure functions.
#pragma once

#include "hardware/recording.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace joulemark::hardware {

// How far apart the changes of a polled value are. A register that is refreshed with the value it
// had shows no change, so spacings are whole multiples of the update period.
struct Spacing {
    std::size_t changes = 0;
    Seconds p10;
    Seconds p50;
    Seconds p90;
    Seconds period; // the period that the multiples have in common: total time / number of periods
};

// Nothing when there are fewer than three changes.
[[nodiscard]] std::optional<Spacing> change_spacing(std::span<const Instant> time,
                                                    std::span<const double> values);

struct Percentiles {
    Nanoseconds p50{0};
    Nanoseconds p99{0};
    Nanoseconds max{0};
};
[[nodiscard]] std::optional<Percentiles> percentiles(std::vector<Nanoseconds> values);

struct Spread {
    std::size_t readings = 0;
    double mean = 0.0;
    double lowest = 0.0;
    double highest = 0.0;
};
// Of the readings that are there.
[[nodiscard]] std::optional<Spread> spread(std::span<const double> values);

// The energy of one window by one method.
struct MethodEnergy {
    std::string method;
    std::optional<Joules> energy;
    std::optional<Interval<Joules>> interval;
    std::string remark;
};

// The counter read at the edges, the power columns integrated, the driver's own samples integrated,
// and joulemark's own estimate.
[[nodiscard]] std::vector<MethodEnergy> energies(const DeviceInfo& device,
                                                 const Recording& recording,
                                                 Window window);

} // namespace joulemark::hardware
