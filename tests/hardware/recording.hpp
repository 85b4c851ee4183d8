// A dense recording of one device for the hardware check: every reading that was taken, with what
// it cost. Kept in memory: a check lasts a minute or two.
#pragma once

#include "core/clock.hpp"
#include "core/trace.hpp"
#include "device/device.hpp"

#include <functional>
#include <vector>

namespace joulemark::hardware {

struct Recording {
    Columns fast;
    Columns slow;
    std::vector<Nanoseconds> fast_latency;
    std::vector<Nanoseconds> slow_latency;
    std::vector<device::DriverSample> driver_samples;
    std::size_t failed = 0;
    std::size_t missed = 0; // deadlines that had passed before the reading was due

    void append(Recording more);
};

// Reads `device` at absolute deadlines `period` apart for as long as `go_on` says; slow values and
// the driver's own samples twice a second.
[[nodiscard]] Recording record(device::Device& device,
                               Clock& clock,
                               Nanoseconds period,
                               const std::function<bool()>& go_on);
[[nodiscard]] Recording record_for(device::Device& device,
                                   Clock& clock,
                                   Nanoseconds period,
                                   Nanoseconds duration);

} // namespace joulemark::hardware
