// What a GPU's power sensor makes of the true power: registers that are refreshed now and then with
// an average over a window, and an energy counter that moves in ticks. docs/explanation/sensors.md
// tells where the parameters come from. Readings are pure functions of (parameters, seed, true
// power, time): safe from any thread, in any order.
//
//     SimulatedSensor sensor(sensor_parameters_for(*find_gpu("h100")), seed);
//     Watts shown = sensor.reading(truth, t);
#pragma once

#include "core/random.hpp"
#include "core/time.hpp"
#include "physics/power_profile.hpp"
#include "physics/sensor_profile.hpp"

#include <cstdint>
#include <optional>

namespace joulemark::physics {

struct GpuSpec;

// Update k happens at u_k = phase + k * update_period (+ jitter) and stores
//     gain * mean(P over [u_k - delay - window, u_k - delay]) + offset + noise_k,
// rounded to `resolution`, never below zero. The phase is drawn from the seed.
struct RegisterParameters {
    Nanoseconds update_period{0};
    Nanoseconds window{0};
    Nanoseconds delay{0};
    Nanoseconds jitter{0}; // u_k moves by up to this much to either side; below update_period / 2
    double gain = 1.0;
    Watts offset;
    Watts noise; // standard deviation, independent from update to update
    Watts resolution{1e-3};
};

// At each tick the counter takes start + gain * (true energy since `origin`) + offset * (time since
// `origin`), rounded down to `resolution`.
struct CounterParameters {
    Nanoseconds tick{0};
    Nanoseconds jitter{0};
    double gain = 1.0;
    Watts offset;
    Joules start;
    Instant origin;
    Joules resolution{1e-3};
};

struct SensorParameters {
    RegisterParameters instant;
    std::optional<RegisterParameters> average;
    std::optional<CounterParameters> counter;
};

// The sensor as documented for the GPU's architecture, with gain 1, no offset and a noise of 0.2 %
// of its TDP.
[[nodiscard]] SensorParameters sensor_parameters_for(const GpuSpec& gpu);

// Times at which something is refreshed: nearly regular, with a phase and a jitter drawn from a
// seed.
class RefreshTimes {
public:
    RefreshTimes(Nanoseconds period, Nanoseconds jitter, std::uint64_t seed, std::uint64_t stream);

    // The number of the latest refresh at or before `t`, and the time of a refresh.
    [[nodiscard]] std::int64_t index_at(Instant t) const;
    [[nodiscard]] Instant time_of(std::int64_t index) const;

private:
    Nanoseconds period_;
    Nanoseconds jitter_;
    Nanoseconds phase_;
    RandomStream random_;
};

class SimulatedSensor {
public:
    SimulatedSensor(const SensorParameters& parameters, std::uint64_t seed);

    // The power register at `t`, the slow average where there is one, and the energy counter where
    // there is one.
    [[nodiscard]] Watts reading(const PowerProfile& truth, Instant t) const;
    [[nodiscard]] std::optional<Watts> average(const PowerProfile& truth, Instant t) const;
    [[nodiscard]] std::optional<Joules> counter(const PowerProfile& truth, Instant t) const;

    // When the power register shown at `t` was refreshed.
    [[nodiscard]] Instant refresh_time(Instant t) const;

private:
    struct Register {
        RegisterParameters parameters;
        RefreshTimes refreshes;
        RandomStream noise;

        Register(const RegisterParameters& p, std::uint64_t seed, std::uint64_t first_stream);
        [[nodiscard]] Watts reading(const PowerProfile& truth, Instant t) const;
    };
    struct Counter {
        CounterParameters parameters;
        RefreshTimes ticks;
    };

    Register instant_;
    std::optional<Register> average_;
    std::optional<Counter> counter_;
};

} // namespace joulemark::physics
