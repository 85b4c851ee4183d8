#include "device/nvml_fields.hpp"

#include "core/units.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_library.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>

namespace joulemark::device::nvml {

namespace {

template <class T> std::optional<std::uint64_t> available(T value) {
    if (value == std::numeric_limits<T>::max()) {
        return std::nullopt;
    }
    return std::uint64_t{value};
}

std::optional<std::uint64_t> not_negative(std::int64_t value) {
    if (value < 0) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(value);
}

} // namespace

std::optional<std::uint64_t> unsigned_value(ValueType type, const Value& value) {
    switch (type) {
    case ValueType::uint32:
        return available(value.uint32);
    case ValueType::ulong:
        return available(value.ulong);
    case ValueType::uint64:
        return available(value.uint64);
    case ValueType::int64:
        return not_negative(value.int64);
    case ValueType::int32:
        return not_negative(value.int32);
    case ValueType::uint16:
        return available(value.uint16);
    case ValueType::float64:
        break;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> unsigned_value(const FieldValue& field) {
    if (field.status != Return::success) {
        return std::nullopt;
    }
    return unsigned_value(field.value_type, field.value);
}

void ask(const Functions& functions, Handle handle, std::span<FieldValue> fields) {
    const Return code = functions.field_values == nullptr
                            ? Return::function_not_found
                            : functions.field_values(
                                  handle, static_cast<std::int32_t>(fields.size()), fields.data());
    if (code != Return::success) {
        for (FieldValue& field : fields) {
            field.status = code;
        }
    }
}

FieldValue ask_one(const Functions& functions,
                   Handle handle,
                   std::uint32_t id,
                   std::uint32_t scope) {
    FieldValue field = field_request(id, scope);
    ask(functions, handle, {&field, 1});
    return field;
}

std::optional<Watts> watts_from_mw(std::uint64_t power_mw) {
    constexpr std::uint64_t limit_mw = 100'000'000;
    if (power_mw >= limit_mw) {
        return std::nullopt;
    }
    return Watts{static_cast<double>(power_mw) * 1e-3};
}

} // namespace joulemark::device::nvml
