// A device's description in JSON. Private to the room.
#pragma once

#include "core/device_info.hpp"
#include "report/json_values.hpp"

namespace joulemark::report {

[[nodiscard]] Json device_json(const DeviceInfo& device);

} // namespace joulemark::report
