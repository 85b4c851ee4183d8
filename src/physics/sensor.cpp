#include "physics/sensor.hpp"

#include "core/device_info.hpp"
#include "core/time.hpp"
#include "core/units.hpp"
#include "physics/curve.hpp"
#include "physics/gpu_catalog.hpp"
#include "physics/power_profile.hpp"
#include "physics/sensor_profile.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

namespace joulemark::physics {

namespace {

// Each register draws phase, jitter and noise from streams of its own.
constexpr std::uint64_t instant_streams = 0;
constexpr std::uint64_t average_streams = 2;
constexpr std::uint64_t counter_stream = 4;

// Of the numbers of a RefreshTimes' stream, the one that is its phase; the others are indices of
// refreshes.
constexpr auto phase_index = std::uint64_t{1} << 63U;

constexpr double noise_share_of_tdp = 0.002;

double rounded(double value, double resolution) {
    return resolution > 0.0 ? std::round(value / resolution) * resolution : value;
}

double rounded_down(double value, double resolution) {
    return resolution > 0.0 ? std::floor(value / resolution) * resolution : value;
}

Nanoseconds scaled(Nanoseconds length, double factor) {
    return Nanoseconds{std::llround(static_cast<double>(length.count()) * factor)};
}

RegisterParameters register_like(const SensorProfile& profile, Watts noise) {
    RegisterParameters out;
    out.update_period = to_nanoseconds(profile.update_period.value_or(100_ms));
    out.window = to_nanoseconds(profile.averaging_window.value_or(100_ms));
    out.delay = to_nanoseconds(profile.delay.value_or(0_s));
    out.noise = noise;
    return out;
}

} // namespace

SensorParameters sensor_parameters_for(const GpuSpec& gpu) {
    const DocumentedSensors documented = documented_sensors(gpu.architecture);
    const Watts noise = gpu.tdp * noise_share_of_tdp;
    SensorParameters out;
    out.instant = register_like(documented.instant, noise);
    if (documented.average) {
        out.average = register_like(*documented.average, noise);
    }
    if (documented.counter) {
        out.counter.emplace().tick = to_nanoseconds(documented.counter->tick.value_or(100_ms));
    }
    return out;
}

RefreshTimes::RefreshTimes(Nanoseconds period,
                           Nanoseconds jitter,
                           std::uint64_t seed,
                           std::uint64_t stream)
    : period_(period), jitter_(jitter), random_(seed, stream) {
    // Rounded down: the phase is below one period.
    phase_ = Nanoseconds{static_cast<std::int64_t>(static_cast<double>(period.count()) *
                                                   random_.uniform(phase_index))};
}

Instant RefreshTimes::time_of(std::int64_t index) const {
    const Instant regular{phase_ + index * period_};
    if (jitter_ == Nanoseconds{0}) {
        return regular;
    }
    const double u = random_.uniform(static_cast<std::uint64_t>(index) & ~phase_index);
    return regular + scaled(jitter_, 2.0 * u - 1.0);
}

std::int64_t RefreshTimes::index_at(Instant t) const {
    const Nanoseconds since = t.time_since_epoch() - phase_;
    std::int64_t index = (since - wrapped(since, period_)) / period_;
    if (jitter_ == Nanoseconds{0}) {
        return index;
    }
    // Jitter is below half a period, so only the neighbours can have moved across `t`.
    ++index;
    while (time_of(index) > t) {
        --index;
    }
    return index;
}

SimulatedSensor::Register::Register(const RegisterParameters& p,
                                    std::uint64_t seed,
                                    std::uint64_t first_stream)
    : parameters(p), refreshes(p.update_period, p.jitter, seed, first_stream),
      noise(seed, first_stream + 1) {}

Watts SimulatedSensor::Register::reading(const PowerProfile& truth, Instant t) const {
    const std::int64_t update = refreshes.index_at(t);
    const Instant end = refreshes.time_of(update) - parameters.delay;
    Watts value = parameters.gain * truth.mean(end - parameters.window, end) + parameters.offset;
    if (parameters.noise > Watts{0.0}) {
        value += parameters.noise * noise.normal(static_cast<std::uint64_t>(update));
    }
    return Watts{std::max(0.0, rounded(value.value(), parameters.resolution.value()))};
}

SimulatedSensor::SimulatedSensor(const SensorParameters& parameters, std::uint64_t seed)
    : instant_(parameters.instant, seed, instant_streams) {
    if (parameters.average) {
        average_.emplace(*parameters.average, seed, average_streams);
    }
    if (parameters.counter) {
        const CounterParameters& c = *parameters.counter;
        counter_ = Counter{c, RefreshTimes(c.tick, c.jitter, seed, counter_stream)};
    }
}

Watts SimulatedSensor::reading(const PowerProfile& truth, Instant t) const {
    return instant_.reading(truth, t);
}

std::optional<Watts> SimulatedSensor::average(const PowerProfile& truth, Instant t) const {
    if (!average_) {
        return std::nullopt;
    }
    return average_->reading(truth, t);
}

std::optional<Joules> SimulatedSensor::counter(const PowerProfile& truth, Instant t) const {
    if (!counter_) {
        return std::nullopt;
    }
    const auto& [c, ticks] = *counter_;
    const Instant tick = ticks.time_of(ticks.index_at(t));
    const Joules energy =
        c.start + c.gain * truth.energy(c.origin, tick) + c.offset * to_seconds(tick - c.origin);
    return Joules{rounded_down(energy.value(), c.resolution.value())};
}

Instant SimulatedSensor::refresh_time(Instant t) const {
    return instant_.refreshes.time_of(instant_.refreshes.index_at(t));
}

} // namespace joulemark::physics
