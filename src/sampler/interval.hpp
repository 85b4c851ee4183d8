// How often a device has to be asked, and for how long around a window, so that nothing its sensors
// say of the window is missed. Pure.
#pragma once

#include "core/device_info.hpp"
#include "core/time.hpp"

namespace joulemark::sampler {

// A fifth of the fastest of update period and counter tick, within 5 ms .. 20 ms; 20 ms when
// neither is known. Asking more rarely than twice in a tick leaves its moment unknown by as much;
// asking more often costs and says no more.
[[nodiscard]] Nanoseconds recommended_interval(const DeviceInfo& device);

// How long before and after a window readings are wanted: until the sensor speaks of the window's
// edge (delay and averaging window), and for a few ticks that locate the edge between two of them.
// At least half a second.
[[nodiscard]] Nanoseconds bracketing_time(const DeviceInfo& device);

} // namespace joulemark::sampler
