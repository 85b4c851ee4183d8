// `replay:FILE`: plays a power log back in real time, from the moment of opening. Every row holds
// until the next one, the last for one interval more; after that the device is gone. Where the log
// has a gap, so has the replay.
#pragma once

#include "core/clock.hpp"
#include "core/trace.hpp"
#include "device/device.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::device {

// The moment `log_begin` of the log is played at `start`.
struct Playback {
    Instant log_begin;
    Instant start;
};

// `name` is what the device is called. Refuses a trace without readings.
[[nodiscard]] Result<std::unique_ptr<Device>> replay(Trace trace,
                                                     std::string name,
                                                     Playback playback,
                                                     Clock& clock);

// One device for each GPU in the log; the log begins now, for all of them.
[[nodiscard]] Result<std::vector<std::unique_ptr<Device>>> open_replay(std::string_view path,
                                                                       Clock& clock);

} // namespace joulemark::device
