// A device of the simulated kind: "sim:h200", "sim:h200*8", "sim:a100?load=square&period=500ms". It
// is idle, and plays its load while the workload is active. Everything it reports is marked as
// simulated. The devices of one name share a machine and warm each other. `note_workload` may be
// called from any thread.
#pragma once

#include "core/clock.hpp"
#include "device/device.hpp"
#include "physics/simulated_machine.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace joulemark::device {

struct SimulatedSpec;

class SimulatedDevice final : public Device {
public:
    // GPU `index` of `machine`. The truth stays with whoever made the machine. The clock outlives
    // the device.
    SimulatedDevice(std::shared_ptr<physics::SimulatedMachine> machine,
                    std::size_t index,
                    const SimulatedSpec& spec,
                    Clock& clock);

    [[nodiscard]] const DeviceInfo& info() const override { return info_; }
    [[nodiscard]] Result<FastReading> read_fast() override;
    [[nodiscard]] Result<SlowReading> read_slow() override;
    [[nodiscard]] Result<void> reopen() override { return {}; }
    void note_workload(bool active) override;

private:
    std::shared_ptr<physics::SimulatedMachine> machine_;
    std::size_t index_;
    physics::SimulatedGpu& gpu_;
    physics::LoadCurve load_;
    Nanoseconds latency_;
    Clock& clock_;
    DeviceInfo info_;
    std::mutex mutex_; // guards what follows
    bool active_ = false;
};

// The machine that a spec describes, idle since long before `start`.
[[nodiscard]] std::shared_ptr<physics::SimulatedMachine> make_machine(const SimulatedSpec& spec,
                                                                      Instant start);

// Opens what "sim:" is followed by, as of now.
[[nodiscard]] Result<std::vector<std::unique_ptr<Device>>> open_simulated(
    std::string_view spec_after_colon, Clock& clock, std::uint64_t seed);

} // namespace joulemark::device
