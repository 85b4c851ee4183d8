// A device that does what a test tells it, on a ManualClock. Its functions run in the sampling
// thread.
#pragma once

#include "core/clock.hpp"
#include "device/device.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace joulemark::sampler::testing {

using device::FastReading;
using device::SlowReading;

class ScriptedDevice final : public device::Device {
public:
    explicit ScriptedDevice(ManualClock& clock, std::string name = "scripted") : clock_(clock) {
        info_.name = std::move(name);
    }

    // How long a call takes: the clock advances by it in the middle of the call.
    Nanoseconds latency{0};
    Nanoseconds slow_latency{0};
    // What a call says; by default 100 W, and a counter that agrees.
    std::function<Result<FastReading>(FastReading)> on_fast = [](FastReading reading) {
        reading.power = 100_W;
        reading.energy_counter = 100_W * to_seconds(reading.time.time_since_epoch());
        return reading;
    };
    std::function<Result<SlowReading>(SlowReading)> on_slow = [](SlowReading reading) {
        reading.temperature = Celsius{40.0};
        return reading;
    };
    std::function<Result<void>()> on_reopen = [] { return Result<void>{}; };
    std::function<void(bool)> on_workload = [](bool) {};

    [[nodiscard]] const DeviceInfo& info() const override { return info_; }
    [[nodiscard]] Result<FastReading> read_fast() override {
        FastReading reading;
        reading.time = clock_.now() + latency / 2;
        reading.latency = latency;
        clock_.advance(latency);
        return on_fast(reading);
    }
    [[nodiscard]] Result<SlowReading> read_slow() override {
        SlowReading reading;
        reading.time = clock_.now() + slow_latency / 2;
        clock_.advance(slow_latency);
        return on_slow(reading);
    }
    [[nodiscard]] Result<void> reopen() override { return on_reopen(); }
    void note_workload(bool active) override { on_workload(active); }

private:
    ManualClock& clock_;
    DeviceInfo info_;
};

} // namespace joulemark::sampler::testing
