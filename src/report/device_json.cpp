#include "report/device_json.hpp"

namespace joulemark::report {

namespace {

Json flag(const std::optional<bool>& value) { return value ? Json(*value) : Json(nullptr); }

Json sensor_json(const std::optional<SensorProfile>& sensor) {
    if (!sensor) {
        return nullptr;
    }
    Json out;
    out["field"] = sensor->field;
    out["update_period_seconds"] = number(sensor->update_period);
    out["averaging_window_seconds"] = number(sensor->averaging_window);
    out["delay_seconds"] = number(sensor->delay);
    out["gain_uncertainty"] = number(sensor->gain_uncertainty);
    out["source"] = to_string(sensor->origin);
    return out;
}

Json counter_json(const std::optional<CounterProfile>& counter) {
    if (!counter) {
        return nullptr;
    }
    Json out;
    out["field"] = counter->field;
    out["tick_seconds"] = number(counter->tick);
    out["gain_uncertainty"] = number(counter->gain_uncertainty);
    out["source"] = to_string(counter->origin);
    return out;
}

} // namespace

Json device_json(const DeviceInfo& device) {
    Json out;
    out["device"] = device.name;
    out["name"] = device.product;
    out["backend"] = device.backend;
    out["simulated"] = device.simulated;
    out["boundary"] = to_string(device.boundary);
    out["uuid"] = text(device.uuid);
    out["serial"] = text(device.serial);
    out["pci_bus_id"] = text(device.pci_bus_id);
    out["vbios"] = text(device.vbios);
    out["driver"] = text(device.driver);
    out["architecture"] = text(device.architecture);
    out["compute_capability"] = text(device.compute_capability);
    out["memory_total_bytes"] = number(device.memory_total);
    out["power_limit_watts"] = number(device.power_limit);
    out["power_limit_default_watts"] = number(device.power_limit_default);
    out["power_limit_min_watts"] = number(device.power_limit_min);
    out["power_limit_max_watts"] = number(device.power_limit_max);
    out["idle_power_watts"] = number(device.idle_power);
    out["persistence_mode"] = flag(device.persistence_mode);
    out["mig_enabled"] = flag(device.mig_enabled);
    out["virtual_gpu"] = device.virtual_gpu;
    out["sensor"] = sensor_json(device.power_sensor ? device.power_sensor : device.average_sensor);
    out["average_sensor"] = sensor_json(device.average_sensor);
    out["counter"] = counter_json(device.counter);
    out["notes"] = device.notes;
    return out;
}

} // namespace joulemark::report
