// Asks devices on time and hands on the answers. One thread per device works at absolute deadlines; one more thread
// drains what they read into a `SampleSink`, so that a slow disk never delays a reading and memory stays bounded
// however long the recording is.
// The Sampler owns its threads and devices for the time of the recording; the sink and the clock outlive it.
#pragma once

#include "device/device.hpp"

#include "core/clock.hpp"
#include "core/trace.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace joulemark::sampler {

struct Options {
    Nanoseconds interval{std::chrono::milliseconds{20}};      // fast channel
    Nanoseconds slow_interval{std::chrono::milliseconds{500}}; // temperature, clocks, utilisation
    Nanoseconds drain_interval{std::chrono::milliseconds{250}}; // samples at risk on SIGKILL
    bool adaptive = false; // `interval` during ramps, up to `adaptive_slowest` when power is steady
    Nanoseconds adaptive_slowest{std::chrono::milliseconds{200}};
    std::size_t ring_capacity = 1U << 14U; // readings per device between two drains; overflow is counted as missed
};

// Where samples go. Called from the drain thread only, devices in order of their index.
class SampleSink {
public:
    virtual ~SampleSink() = default;
    // An error stops the recording and comes back from `Sampler::stop`.
    [[nodiscard]] virtual Result<void> accept(std::size_t device, const Columns& fast,
                                              const Columns& slow) = 0;
};

// The newest reading of each device, for a live display.
struct Snapshot {
    std::optional<device::FastReading> fast;
    std::optional<device::SlowReading> slow;
    std::uint64_t samples = 0;
    bool lost = false;
};

class Sampler {
public:
    // Refuses an empty list and intervals outside 100 µs .. 1 h. The first reading of every device has been taken (or
    // has failed) when this returns.
    [[nodiscard]] static Result<std::unique_ptr<Sampler>>
    start(std::vector<std::unique_ptr<device::Device>> devices, const Options& options, Clock& clock,
          SampleSink& sink);

    virtual ~Sampler() = default;

    [[nodiscard]] virtual std::vector<Snapshot> snapshot() const = 0;
    [[nodiscard]] virtual const std::vector<DeviceInfo>& devices() const = 0;
    // True when the sink has failed: nothing more is kept, the caller should stop.
    [[nodiscard]] virtual bool failed() const = 0;
    // Tells every device that work begins or ends.
    virtual void note_workload(bool active) = 0;
    // Takes one last reading of every device, stops the threads, drains the rest. Call once; the error of the sink
    // comes back here. Reports are in the order of the devices.
    [[nodiscard]] virtual Result<std::vector<SamplingReport>> stop() = 0;
};

} // namespace joulemark::sampler
