// How often a device has to be asked so that no refresh of its sensors is missed. Pure.
#pragma once

#include "core/device_info.hpp"
#include "core/time.hpp"

namespace joulemark::sampler {

// A fifth of the fastest of update period and counter tick, within 5 ms .. 20 ms; 20 ms when
// neither is known. Asking more rarely than twice in a tick leaves its moment unknown by as much;
// asking more often costs and says no more.
[[nodiscard]] Nanoseconds recommended_interval(const DeviceInfo& device);

} // namespace joulemark::sampler
