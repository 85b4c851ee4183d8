#include "sampler/interval.hpp"

#include <algorithm>

namespace joulemark::sampler {

Nanoseconds recommended_interval(const DeviceInfo& device) {
    constexpr Nanoseconds fastest = std::chrono::milliseconds(5);
    constexpr Nanoseconds slowest = std::chrono::milliseconds(20);
    constexpr double asks_per_step = 5.0;
    Nanoseconds interval = slowest;
    const auto consider = [&](const std::optional<Seconds>& step) {
        if (step) {
            interval = std::min(interval, to_nanoseconds(*step / asks_per_step));
        }
    };
    if (device.power_sensor) {
        consider(device.power_sensor->update_period);
    }
    if (device.counter) {
        consider(device.counter->tick);
    }
    return std::max(interval, fastest);
}

} // namespace joulemark::sampler
