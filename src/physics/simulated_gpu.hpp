// One simulated GPU: loads become true power, and its sensor shows what a real one would. `truth`
// is for tests and for generating references; nothing that measures may call it. All members may be
// called from several threads at once.
#pragma once

#include "physics/curve.hpp"
#include "physics/gpu_catalog.hpp"
#include "physics/power_profile.hpp"
#include "physics/sensor.hpp"

#include <mutex>

namespace joulemark::physics {

class SimulatedGpu {
public:
    // Idle until a load is played.
    SimulatedGpu(GpuSpec spec,
                 const PowerModel& model,
                 const SensorParameters& sensor,
                 std::uint64_t seed);

    // Plays the load from its beginning, from `at` on (or from the last change, if that is later).
    void play(Instant at, LoadCurve load);

    [[nodiscard]] Watts reading(Instant t) const;
    [[nodiscard]] std::optional<Watts> average(Instant t) const;
    [[nodiscard]] std::optional<Joules> counter(Instant t) const;

    // What the GPU is busy with at `t`, not before the last change of load.
    [[nodiscard]] Activity activity(Instant t) const;

    // The true mean power, for the temperature it makes.
    [[nodiscard]] Watts mean_power(Instant from, Instant to) const;

    [[nodiscard]] const GpuSpec& spec() const { return spec_; }
    [[nodiscard]] const PowerModel& model() const { return model_; }
    [[nodiscard]] PowerProfile truth() const;

private:
    const GpuSpec spec_;
    const PowerModel model_;
    const SimulatedSensor sensor_;
    mutable std::mutex mutex_; // guards what follows
    PowerProfile power_;
    LoadCurve load_;
    Instant load_begin_;
};

} // namespace joulemark::physics
