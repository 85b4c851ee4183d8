#include "device/nvml_throttle.hpp"

#include "core/throttle.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_fields.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace joulemark::device::nvml {

namespace {

// In the order of throttle_fields. `throttled_by_heat` is heat of either kind.
constexpr std::array<Throttle, throttle_fields.size()> meaning{Throttle::power_cap,
                                                               Throttle::thermal_software,
                                                               Throttle::other,
                                                               Throttle::idle,
                                                               Throttle::other,
                                                               Throttle::thermal_software,
                                                               Throttle::thermal_hardware,
                                                               Throttle::power_brake};

constexpr std::size_t any_heat = 1;
constexpr std::size_t software_heat = 5;
constexpr std::size_t hardware_heat = 6;
static_assert(throttle_fields[any_heat] == field::throttled_by_heat &&
              throttle_fields[software_heat] == field::throttled_by_software_heat &&
              throttle_fields[hardware_heat] == field::throttled_by_hardware_heat);

std::optional<std::uint64_t> value_of(std::uint32_t id, std::span<const FieldValue> fields) {
    const auto found = std::ranges::find(fields, id, &FieldValue::field_id);
    return found == fields.end() ? std::nullopt : unsigned_value(*found);
}

} // namespace

std::uint32_t throttle_bits(std::uint64_t reasons) {
    constexpr std::array<std::pair<std::uint64_t, Throttle>, 9> table{
        {{reason::gpu_idle, Throttle::idle},
         {reason::application_clocks, Throttle::other},
         {reason::software_power_cap, Throttle::power_cap},
         {reason::hardware_slowdown, Throttle::hardware_slowdown},
         {reason::sync_boost, Throttle::sync_boost},
         {reason::software_thermal, Throttle::thermal_software},
         {reason::hardware_thermal, Throttle::thermal_hardware},
         {reason::hardware_power_brake, Throttle::power_brake},
         {reason::display_clocks, Throttle::other}}};
    std::uint32_t bits = 0;
    for (const auto& [mask, throttle] : table) {
        if ((reasons & mask) != 0) {
            bits |= bit(throttle);
            reasons &= ~mask;
        }
    }
    return reasons == 0 ? bits : bits | bit(Throttle::other);
}

std::optional<std::uint32_t> ThrottleCounters::moved(std::span<const FieldValue> fields) {
    bool compared = false;
    std::array<bool, throttle_fields.size()> rose{};
    std::array<bool, throttle_fields.size()> known{};
    for (std::size_t i = 0; i < throttle_fields.size(); ++i) {
        const auto now_ns = value_of(throttle_fields[i], fields);
        if (!now_ns) {
            continue;
        }
        known[i] = true;
        if (last_ns_[i]) {
            compared = true;
            rose[i] = *now_ns > *last_ns_[i];
        }
        last_ns_[i] = now_ns;
    }
    if (!compared) {
        return std::nullopt;
    }
    // The sum of both kinds of heat says nothing that its parts do not say better.
    rose[any_heat] = rose[any_heat] && !(known[software_heat] && known[hardware_heat]);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < rose.size(); ++i) {
        bits |= rose[i] ? bit(meaning[i]) : 0U;
    }
    return bits;
}

} // namespace joulemark::device::nvml
