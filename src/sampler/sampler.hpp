// Asks devices on time and hands on the answers. One thread per device works at absolute deadlines;
// one more thread drains what they read into a `SampleSink`, so that a slow disk never delays a
// reading and memory stays bounded however long the recording is. Who runs where, and why:
// docs/explanation/threads.md. The Sampler owns its threads and devices for the time of the
// recording; the sink and the clock outlive it. A Sampler is used from one thread, except
// `snapshot`, `failed` and `note_workload`, which are safe from any.
//
//     auto sampler = sampler::Sampler::start(std::move(devices), {.interval = 10ms}, clock, sink);
//     (*sampler)->note_workload(true);    // ... the work ...
//     auto reports = (*sampler)->stop();  // one for each device
#pragma once

#include "core/clock.hpp"
#include "core/device_info.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"
#include "device/device.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace joulemark::sampler {

struct Options {
    Nanoseconds interval{std::chrono::milliseconds{20}};        // fast channel
    Nanoseconds slow_interval{std::chrono::milliseconds{500}};  // temperature, clocks, utilisation
    Nanoseconds drain_interval{std::chrono::milliseconds{250}}; // samples at risk on SIGKILL

    // `interval` during ramps, up to `adaptive_slowest` when power is steady.
    bool adaptive = false;
    Nanoseconds adaptive_slowest{std::chrono::milliseconds{200}};

    // All devices are read at the same moments, so that one timer interrupt wakes all threads. When
    // on, the moments are spread evenly over the interval instead: about twice the cost of waking
    // up, for drivers that answer one call at a time.
    bool spread = false;

    // Readings per device that wait for the drain; what does not fit is counted as missed.
    std::size_t ring_capacity = 1U << 14U;

    // How long `stop` waits for a driver that does not return from a call, before it goes on
    // without that device. It is noticed at the next drain.
    Nanoseconds patience{std::chrono::seconds{5}};
};

// Where samples go. Called from the drain thread only, devices in order of their index. Times are
// whole microseconds and strictly increasing; a metric that a device has said once has a column in
// every later batch. Batches may be empty in one channel, not in both.
class SampleSink {
public:
    virtual ~SampleSink() = default;
    // An error stops the recording and comes back from `Sampler::stop`.
    [[nodiscard]] virtual Result<void> accept(std::size_t device,
                                              const Columns& fast,
                                              const Columns& slow) = 0;
};

// The newest reading of each device as of the last drain, for a live display.
struct Snapshot {
    std::optional<device::FastReading> fast;
    std::optional<device::SlowReading> slow;
    std::uint64_t samples = 0;
    bool lost = false; // gone, and looked for every second
    // Why the device could not be read at all; the others went on without it.
    std::optional<Error> problem;
};

class Sampler {
public:
    // Refuses an empty list, intervals outside 100 µs .. 1 h and a ring that does not hold the
    // readings of two drain intervals. The first reading of every device has been taken (or has
    // failed) when this returns. When no device can be read at all, the error is that of the first.
    [[nodiscard]] static Result<std::unique_ptr<Sampler>> start(
        std::vector<std::unique_ptr<device::Device>> devices,
        const Options& options,
        Clock& clock,
        SampleSink& sink);

    virtual ~Sampler() = default;

    [[nodiscard]] virtual std::vector<Snapshot> snapshot() const = 0;
    [[nodiscard]] virtual const std::vector<DeviceInfo>& devices() const = 0;
    // True when the sink has failed: nothing more is kept, the caller should stop.
    [[nodiscard]] virtual bool failed() const = 0;
    // Tells every device that work begins or ends, before its next reading; does not wait for it.
    virtual void note_workload(bool active) = 0;
    // Takes one last reading of every device, stops the threads, drains the rest. Call once; the
    // error of the sink comes back here. Reports are in the order of the devices. Deadlines that
    // pass while a device is lost count as its gap, not as missed.
    [[nodiscard]] virtual Result<std::vector<SamplingReport>> stop() = 0;
};

} // namespace joulemark::sampler
