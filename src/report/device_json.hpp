// A device's description in JSON. Private to the room.
#pragma once

#include "report/json_values.hpp"

#include "core/device_info.hpp"

namespace joulemark::report {

[[nodiscard]] Json device_json(const DeviceInfo& device);

} // namespace joulemark::report
