// Asking NVML for field values, and reading what comes back without trusting it. Pure functions.
#pragma once

#include "core/units.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_library.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace joulemark::device::nvml {

// One question of a batch. It starts out as a failure, so that a field which the driver leaves
// untouched is no answer.
[[nodiscard]] constexpr FieldValue field_request(std::uint32_t id, std::uint32_t scope = 0) {
    return {.field_id = id,
            .scope_id = scope,
            .timestamp_us = 0,
            .latency_us = 0,
            .value_type = ValueType::float64,
            .status = Return::unknown,
            .value = {}};
}

// The value as its type says; nothing for a negative one, for all ones ("not available") and for a
// floating-point number, which no field we read is and which is also what an untouched type looks
// like.
[[nodiscard]] std::optional<std::uint64_t> unsigned_value(ValueType type, const Value& value);

// The value of a field that was answered.
[[nodiscard]] std::optional<std::uint64_t> unsigned_value(const FieldValue& field);

// Asks for all `fields` in one call. The status of each is then its own, or that of the call when
// that failed.
void ask(const Functions& functions, Handle handle, std::span<FieldValue> fields);

// One field alone.
[[nodiscard]] FieldValue ask_one(const Functions& functions,
                                 Handle handle,
                                 std::uint32_t id,
                                 std::uint32_t scope = 0);

// Milliwatts as watts. Nothing for what no board can draw (100 kW): a sentinel or garbage.
[[nodiscard]] std::optional<Watts> watts_from_mw(std::uint64_t power_mw);

} // namespace joulemark::device::nvml
