#include "report/inventory_document.hpp"

#include "report/device_json.hpp"
#include "report/json_values.hpp"

#include <algorithm>

namespace joulemark::report {

namespace {

bool any_simulated(const Inventory& inventory) {
    return std::ranges::any_of(inventory.devices,
                               [](const Listing& l) { return l.info.simulated; });
}

Json error_json(const Error& error) {
    return {{"kind", to_string(error.kind)},
            {"message", error.message},
            {"context", error.context.empty() ? Json(nullptr) : Json(error.context)}};
}

void put_inventory(Json& out, const Inventory& inventory) {
    Json devices = Json::array();
    for (const Listing& listing : inventory.devices) {
        Json device = device_json(listing.info);
        device["readable"] = !listing.problem.has_value();
        device["problem"] = listing.problem ? error_json(*listing.problem) : Json(nullptr);
        devices.push_back(std::move(device));
    }
    out["devices"] = std::move(devices);
    Json backends = Json::array();
    for (const BackendReport& report : inventory.backends) {
        backends.push_back({{"backend", report.backend},
                            {"usable", report.usable},
                            {"finding", report.finding},
                            {"mend", report.mend.empty() ? Json(nullptr) : Json(report.mend)}});
    }
    out["backends"] = std::move(backends);
}

} // namespace

std::string devices_document(const Inventory& inventory) {
    Json out = document("joulemark-devices/1", any_simulated(inventory));
    put_inventory(out, inventory);
    out["warnings"] = Json::array();
    return serialise(out);
}

std::string doctor_document(const Diagnosis& diagnosis) {
    Json out = document("joulemark-doctor/1", any_simulated(diagnosis.inventory));
    out["can_measure"] = diagnosis.can_measure;
    Json checks = Json::array();
    for (const Check& check : diagnosis.checks) {
        checks.push_back({{"name", check.name},
                          {"health", to_string(check.health)},
                          {"finding", check.finding},
                          {"mend", check.mend.empty() ? Json(nullptr) : Json(check.mend)}});
    }
    out["checks"] = std::move(checks);
    put_inventory(out, diagnosis.inventory);
    out["warnings"] = Json::array();
    return serialise(out);
}

std::string error_document(const Error& error) {
    Json out = document("joulemark-error/1", false);
    out["error"] = error_json(error);
    out["warnings"] = Json::array();
    return serialise(out);
}

} // namespace joulemark::report
