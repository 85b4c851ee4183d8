#include "core/throttle.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace joulemark {

std::vector<std::string> throttle_names(std::uint32_t bits) {
    static constexpr std::array<std::pair<Throttle, std::string_view>, 8> names{{
        {Throttle::idle, "idle"},
        {Throttle::power_cap, "power_cap"},
        {Throttle::hardware_slowdown, "hardware_slowdown"},
        {Throttle::sync_boost, "sync_boost"},
        {Throttle::thermal_software, "thermal_software"},
        {Throttle::thermal_hardware, "thermal_hardware"},
        {Throttle::power_brake, "power_brake"},
        {Throttle::other, "other"},
    }};
    std::vector<std::string> out;
    for (const auto& [reason, name] : names) {
        if ((bits & bit(reason)) != 0U) {
            out.emplace_back(name);
        }
    }
    return out;
}

} // namespace joulemark
