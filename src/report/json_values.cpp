#include "report/json_values.hpp"

#include "embedded/version.hpp"

#include <cmath>

namespace joulemark::report {

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json text(const std::optional<std::string>& value) { return value ? Json(*value) : Json(nullptr); }

Json warnings_json(const std::vector<Warning>& warnings) {
    Json out = Json::array();
    for (const Warning& warning : warnings) {
        out.push_back({{"code", to_string(warning.code)}, {"message", warning.message}});
    }
    return out;
}

Json document(std::string_view schema, bool simulated) {
    Json out;
    out["schema"] = schema;
    out["tool_version"] = embedded::version;
    out["simulated"] = simulated;
    return out;
}

std::string serialise(const Json& json) {
    constexpr int indent = 2;
    constexpr bool ascii = true; // a terminal obeys some control characters outside ASCII, too
    return json.dump(indent, ' ', ascii, Json::error_handler_t::replace) + "\n";
}

} // namespace joulemark::report
