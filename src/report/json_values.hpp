// How joulemark's values look in JSON: numbers with uncertainty, warnings, unknown as null. Private
// to the room: no header of another room includes this one.
#pragma once

#include "core/estimate.hpp"
#include "core/units.hpp"
#include "core/warning.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::report {

using Json = nlohmann::ordered_json;

// Unknown, and what no JSON number can say (NaN, infinity), is null.
[[nodiscard]] Json number(double value);
[[nodiscard]] inline Json number(Celsius value) { return number(value.value()); }
template <int E, int T, int K, int B> [[nodiscard]] Json number(Quantity<E, T, K, B> value) {
    return number(value.value());
}
template <class Q> [[nodiscard]] Json number(const std::optional<Q>& value) {
    return value ? number(*value) : Json(nullptr);
}
[[nodiscard]] Json text(const std::optional<std::string>& value);

// {"value": x, "interval": [low, high], "level": 0.95, "source": "measured"}; null when unknown.
template <class Q> [[nodiscard]] Json estimate(const std::optional<Estimate<Q>>& e) {
    if (!e) {
        return nullptr;
    }
    Json out;
    out["value"] = number(e->value);
    out["interval"] = e->interval
                          ? Json::array({number(e->interval->low), number(e->interval->high)})
                          : Json(nullptr);
    out["level"] = e->level;
    out["source"] = to_string(e->source);
    return out;
}

template <class Q> [[nodiscard]] Json value_of(const std::optional<Estimate<Q>>& e) {
    return e ? number(e->value) : Json(nullptr);
}

[[nodiscard]] Json warnings_json(const std::vector<Warning>& warnings);

// {"schema": ..., "tool_version": ..., "simulated": ...}: how every document begins.
[[nodiscard]] Json document(std::string_view schema, bool simulated);

// The document as text, indented, with a final newline; text that is not UTF-8 is replaced, never
// an exception.
[[nodiscard]] std::string serialise(const Json& json);

} // namespace joulemark::report
