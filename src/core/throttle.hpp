// Why a device holds its clocks down, in joulemark's own bits (back-ends translate the vendor's).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace joulemark {

enum class Throttle : std::uint32_t {
    idle = 1U << 0U,
    power_cap = 1U << 1U,
    hardware_slowdown = 1U << 2U,
    sync_boost = 1U << 3U,
    thermal_software = 1U << 4U,
    thermal_hardware = 1U << 5U,
    power_brake = 1U << 6U,
    other = 1U << 7U,
};

[[nodiscard]] constexpr std::uint32_t bit(Throttle reason) {
    return static_cast<std::uint32_t>(reason);
}

// Reasons that make a measurement unlike the device's normal behaviour.
inline constexpr std::uint32_t invalidating_throttle =
    bit(Throttle::hardware_slowdown) | bit(Throttle::thermal_software) |
    bit(Throttle::thermal_hardware) | bit(Throttle::power_brake);

// "power_cap", "thermal_hardware" ...
[[nodiscard]] std::vector<std::string> throttle_names(std::uint32_t bits);

} // namespace joulemark
