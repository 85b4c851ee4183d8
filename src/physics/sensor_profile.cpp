#include "physics/sensor_profile.hpp"

#include "core/device_info.hpp"
#include "core/estimate.hpp"
#include "core/units.hpp"
#include "physics/architecture.hpp"

namespace joulemark::physics {

namespace {

// Times in milliseconds; the delays are what the measured step responses leave after window and
// mean wait for a refresh (docs/explanation/sensors.md).
struct Kernel {
    double update_period_ms;
    double window_ms;
    double delay_ms;
};

constexpr Kernel one_second_average{100, 1000, 0};

SensorProfile profile(const char* field, const Kernel& kernel, Source origin = Source::estimated) {
    SensorProfile out;
    out.field = field;
    out.update_period = Seconds{kernel.update_period_ms * 1e-3};
    out.averaging_window = Seconds{kernel.window_ms * 1e-3};
    out.delay = Seconds{kernel.delay_ms * 1e-3};
    out.origin = origin;
    return out;
}

CounterProfile counter_with_tick(Seconds tick) {
    CounterProfile out;
    out.field = "NVML field 83 (total energy)";
    out.tick = tick;
    out.origin = Source::assumed;
    return out;
}

constexpr const char* instant_field = "NVML field 186 (instant power)";
constexpr const char* average_field = "NVML field 185 (average power)";
constexpr const char* power_draw_field = "nvmlDeviceGetPowerUsage (power.draw)";

DocumentedSensors undocumented() {
    DocumentedSensors out;
    out.instant.field = instant_field;
    out.power_draw.field = power_draw_field;
    return out;
}

// One register behind both names, as on architectures without an average of their own.
DocumentedSensors single(const Kernel& kernel) {
    DocumentedSensors out;
    out.instant = profile(instant_field, kernel);
    out.power_draw = profile(power_draw_field, kernel);
    return out;
}

DocumentedSensors single(const Kernel& kernel, Seconds tick) {
    DocumentedSensors out = single(kernel);
    out.counter = counter_with_tick(tick);
    return out;
}

// An instant register beside a one-second average, which power.draw shows.
DocumentedSensors dual(const Kernel& instant, Source origin = Source::estimated) {
    DocumentedSensors out;
    out.instant = profile(instant_field, instant, origin);
    out.average = profile(average_field, one_second_average, origin);
    out.power_draw = profile(power_draw_field, one_second_average, origin);
    out.counter = counter_with_tick(100_ms);
    return out;
}

// A logarithmic filter: a refresh is known, a boxcar is not.
DocumentedSensors filtered(Seconds update_period) {
    DocumentedSensors out = undocumented();
    for (SensorProfile* sensor : {&out.instant, &out.power_draw}) {
        sensor->update_period = update_period;
        sensor->origin = Source::estimated;
    }
    return out;
}

} // namespace

DocumentedSensors documented_sensors(Architecture architecture) {
    using enum Architecture;
    switch (architecture) {
    case hopper:
        return dual({100, 25, 20});
    case ada:
    case ampere_ga10x:
        return dual({100, 100, 90});
    case ampere_ga100:
        return single({100, 25, 0}, 100_ms);
    case turing:
        return single({100, 100, 100}, 100_ms);
    case volta:
        return single({20, 10, 55}, 20_ms);
    case pascal:
        return single({20, 10, 20});
    case maxwell:
        return filtered(100_ms);
    // No study has looked at Blackwell; the part-time sensor is the cautious guess.
    case blackwell:
        return dual({100, 25, 20}, Source::assumed);
    case kepler:
    case unknown:
        break;
    }
    return undocumented();
}

} // namespace joulemark::physics
