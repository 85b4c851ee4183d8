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

Nanoseconds bracketing_time(const DeviceInfo& device) {
    constexpr Seconds least{0.5};
    constexpr Seconds most{3.0};
    constexpr double steps = 4.0;
    Seconds time = least;
    const auto reach = [&](const std::optional<SensorProfile>& sensor) {
        if (!sensor) {
            return;
        }
        const Seconds zero{0.0};
        time = std::max(time,
                        sensor->delay.value_or(zero) + sensor->averaging_window.value_or(zero) +
                            sensor->update_period.value_or(zero) * steps);
    };
    reach(device.power_sensor ? device.power_sensor : device.average_sensor);
    if (device.counter && device.counter->tick) {
        time = std::max(time, *device.counter->tick * steps);
    }
    return to_nanoseconds(std::min(time, most));
}

} // namespace joulemark::sampler
