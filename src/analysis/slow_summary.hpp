// Temperature, clocks, utilisation and throttling over a window. Pure.
#pragma once

#include "core/time.hpp"
#include "core/trace.hpp"
#include "core/units.hpp"

#include <cstdint>
#include <optional>

namespace joulemark::analysis {

// What the device did not offer is absent. Means are over the readings in the window; they come at
// a regular pace.
struct SlowSummary {
    std::optional<Celsius> temperature_mean;
    std::optional<Celsius> temperature_max;
    std::optional<Celsius> memory_temperature_max;
    std::optional<double> utilisation_mean;
    std::optional<Bytes> memory_used_max;
    std::optional<Hertz> sm_clock_mean;
    std::optional<Hertz> memory_clock_mean;
    std::optional<Watts> power_limit;              // the lowest in force
    std::optional<std::uint32_t> throttle_reasons; // all that were seen, bits of core/throttle.hpp
};

[[nodiscard]] SlowSummary summarise_slow(const Columns& slow, Window window);

} // namespace joulemark::analysis
