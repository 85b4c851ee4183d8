#include "physics/simulated_machine.hpp"

#include "core/time.hpp"
#include "core/units.hpp"
#include "physics/simulated_gpu.hpp"
#include "physics/thermal.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace joulemark::physics {

namespace {

constexpr Nanoseconds refresh = std::chrono::milliseconds{200};
// After so many time constants an old temperature is forgotten: exp(-20) of 50 K is 1e-7 K.
constexpr double memory = 20.0;

} // namespace

SimulatedMachine::SimulatedMachine(std::vector<std::unique_ptr<SimulatedGpu>> gpus,
                                   const ThermalParameters& thermal,
                                   Instant start)
    : gpus_(std::move(gpus)), thermal_(thermal, gpus_.size()), time_(start) {
    for (const auto& gpu : gpus_) {
        power_.push_back(gpu->mean_power(start, start));
    }
    thermal_.settle(power_);
}

Celsius SimulatedMachine::temperature(std::size_t gpu, Instant t) {
    const std::lock_guard lock(mutex_);
    advance_to(t);
    return thermal_.temperature(gpu);
}

void SimulatedMachine::advance_to(Instant t) {
    const Nanoseconds forgotten = to_nanoseconds(thermal_.time_constant() * memory);
    if (t - time_ > forgotten) {
        time_ += (t - time_ - forgotten) / refresh * refresh;
    }
    for (; time_ + refresh <= t; time_ += refresh) {
        for (std::size_t i = 0; i < gpus_.size(); ++i) {
            power_[i] = gpus_[i]->mean_power(time_, time_ + refresh);
        }
        thermal_.advance(to_seconds(refresh), power_);
    }
}

} // namespace joulemark::physics
