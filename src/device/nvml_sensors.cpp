#include "device/nvml_sensors.hpp"

#include "core/device_info.hpp"
#include "core/units.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_power.hpp"
#include "device/nvml_status.hpp"
#include "physics/architecture.hpp"
#include "physics/sensor_profile.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace joulemark::device::nvml {

namespace {

SensorProfile bare(std::string field) {
    SensorProfile profile;
    profile.field = std::move(field);
    return profile;
}

SensorProfile one_second_mean(const char* field) {
    SensorProfile profile = bare(field);
    profile.averaging_window = 1_s; // NVML documentation
    return profile;
}

SensorProfile average_profile(const physics::DocumentedSensors& documented) {
    return documented.average.value_or(one_second_mean("NVML field 185 (average power)"));
}

SensorProfile usage_profile(UsageMeaning usage, const physics::DocumentedSensors& documented) {
    SensorProfile profile = documented.power_draw;
    if (usage == UsageMeaning::present) {
        const std::string field = profile.field;
        profile = documented.instant;
        profile.field = field;
    } else if (usage == UsageMeaning::one_second_mean && !profile.averaging_window) {
        profile.averaging_window = 1_s;
    } else if (usage == UsageMeaning::unknown) {
        profile = bare(profile.field);
    }
    return profile;
}

SensorProfile profile_of(PowerSource source,
                         const PowerPlan& plan,
                         const physics::DocumentedSensors& documented) {
    SensorProfile profile = source == PowerSource::instant_field ? documented.instant
                            : source == PowerSource::average_field
                                ? average_profile(documented)
                                : usage_profile(plan.usage, documented);
    if (plan.scope == Scope::module) {
        // The studies looked at GPUs; nothing is known about the module's sensor.
        profile = bare(profile.field + ", module scope");
    }
    return profile;
}

CounterProfile counter_of(EnergySource source, const physics::DocumentedSensors& documented) {
    CounterProfile profile = documented.counter.value_or(CounterProfile{});
    switch (source) {
    case EnergySource::energy_call:
        profile.field = "nvmlDeviceGetTotalEnergyConsumption";
        break;
    case EnergySource::scoped_field:
        profile = {};
        profile.field = "NVML field 191 (energy), module scope";
        break;
    case EnergySource::total_field:
    case EnergySource::none:
        profile.field = "NVML field 83 (total energy)";
        break;
    }
    return profile;
}

bool power_is_slow_mean(const PowerPlan& plan) {
    return plan.power == PowerSource::average_field ||
           (plan.power == PowerSource::usage_call && plan.usage == UsageMeaning::one_second_mean);
}

void note_power(const PowerPlan& plan, DeviceInfo& info) {
    if (plan.power == PowerSource::none) {
        info.notes.push_back(fmt::format("No power reading (NVML says {}); energy comes from the "
                                         "counter alone.",
                                         name_of(plan.power_refused)));
    } else if (power_is_slow_mean(plan)) {
        info.notes.emplace_back("Power is a mean over one second here: it lags by half a second "
                                "and flattens what is shorter.");
    } else if (plan.power == PowerSource::usage_call && plan.usage == UsageMeaning::unknown) {
        info.notes.emplace_back("It is not known whether this GPU's power reading is of the moment "
                                "or a mean over one second.");
    }
}

} // namespace

void describe_sensors(const PowerPlan& plan, physics::Architecture architecture, DeviceInfo& info) {
    const physics::DocumentedSensors documented = physics::documented_sensors(architecture);
    info.boundary = plan.scope == Scope::module ? Boundary::module : Boundary::gpu_board;
    if (plan.power != PowerSource::none) {
        info.power_sensor = profile_of(plan.power, plan, documented);
    }
    if (plan.average != PowerSource::none) {
        info.average_sensor = profile_of(plan.average, plan, documented);
    }
    if (plan.energy != EnergySource::none) {
        info.counter = counter_of(plan.energy, documented);
    } else {
        info.notes.emplace_back("No energy counter: energy is the integral of the power readings.");
    }
    note_power(plan, info);
    if (plan.scope == Scope::module) {
        info.notes.emplace_back("The readings are of the whole module, its CPU and memory "
                                "included: do not add a CPU reading of the same board.");
    }
}

} // namespace joulemark::device::nvml
