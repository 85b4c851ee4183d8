#include "physics/simulated_gpu.hpp"

#include "core/time.hpp"
#include "core/units.hpp"
#include "physics/activity.hpp"
#include "physics/curve.hpp"
#include "physics/gpu_catalog.hpp"
#include "physics/load.hpp"
#include "physics/power_profile.hpp"
#include "physics/sensor.hpp"

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

namespace joulemark::physics {

SimulatedGpu::SimulatedGpu(GpuSpec spec,
                           const PowerModel& model,
                           const SensorParameters& sensor,
                           std::uint64_t seed)
    : spec_(std::move(spec)), model_(model), sensor_(sensor, seed), power_(constant(model.idle)),
      load_(no_load()) {}

void SimulatedGpu::play(Instant at, LoadCurve load) {
    PowerCurve power = electrical_power(load, model_);
    const std::lock_guard lock(mutex_);
    load_begin_ = std::max(at, load_begin_);
    load_ = std::move(load);
    power_.change(load_begin_, std::move(power));
}

Watts SimulatedGpu::reading(Instant t) const {
    const std::lock_guard lock(mutex_);
    return sensor_.reading(power_, t);
}

std::optional<Watts> SimulatedGpu::average(Instant t) const {
    const std::lock_guard lock(mutex_);
    return sensor_.average(power_, t);
}

std::optional<Joules> SimulatedGpu::counter(Instant t) const {
    const std::lock_guard lock(mutex_);
    return sensor_.counter(power_, t);
}

Activity SimulatedGpu::activity(Instant t) const {
    const std::lock_guard lock(mutex_);
    return value_at(load_, t - load_begin_);
}

Watts SimulatedGpu::mean_power(Instant from, Instant to) const {
    const std::lock_guard lock(mutex_);
    return power_.mean(from, to);
}

PowerProfile SimulatedGpu::truth() const {
    const std::lock_guard lock(mutex_);
    return power_;
}

} // namespace joulemark::physics
