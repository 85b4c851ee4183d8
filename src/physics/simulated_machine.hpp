// A machine with simulated GPUs that warm each other. All members may be called from several
// threads at once.
#pragma once

#include "physics/simulated_gpu.hpp"
#include "physics/thermal.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace joulemark::physics {

class SimulatedMachine {
public:
    // The temperatures have settled at `start`. At least one GPU.
    SimulatedMachine(std::vector<std::unique_ptr<SimulatedGpu>> gpus,
                     const ThermalParameters& thermal,
                     Instant start);

    [[nodiscard]] std::size_t size() const { return gpus_.size(); }
    [[nodiscard]] SimulatedGpu& gpu(std::size_t index) { return *gpus_[index]; }

    // As a thermometer shows it that is refreshed every 200 ms. Times of calls do not decrease by
    // more than that.
    [[nodiscard]] Celsius temperature(std::size_t gpu, Instant t);

private:
    void advance_to(Instant t);

    const std::vector<std::unique_ptr<SimulatedGpu>> gpus_;
    std::mutex mutex_; // guards what follows
    ThermalModel thermal_;
    Instant time_;
    std::vector<Watts> power_; // scratch
};

} // namespace joulemark::physics
