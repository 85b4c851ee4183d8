#include "device/simulated_device.hpp"

#include "core/clock.hpp"
#include "core/device_info.hpp"
#include "core/result.hpp"
#include "core/throttle.hpp"
#include "core/time.hpp"
#include "core/units.hpp"
#include "device/device.hpp"
#include "device/simulated_spec.hpp"
#include "physics/activity.hpp"
#include "physics/architecture.hpp"
#include "physics/gpu_catalog.hpp"
#include "physics/load.hpp"
#include "physics/sensor_profile.hpp"
#include "physics/simulated_machine.hpp"

#include <fmt/format.h>
#include <tl/expected.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace joulemark::device {

namespace {

// How long the counter has run when the device is opened: as if the driver had been loaded an hour
// ago.
constexpr Seconds counted_before{3600.0};

// Assumed shares, for the slow readings only.
constexpr double memory_used_idle = 0.005;
constexpr double memory_used_active = 0.88;
constexpr double idle_clock_share = 0.2;

std::string name_of(const SimulatedSpec& spec, std::size_t index) {
    const std::string place = spec.count > 1 ? fmt::format("/{}", index) : "";
    return fmt::format("sim:{}{}{}", spec.gpu_name, place, spec.options);
}

std::uint64_t seed_of(const SimulatedSpec& spec, std::size_t index) {
    return RandomStream(spec.seed, 0).bits(index);
}

DeviceInfo describe(const SimulatedSpec& spec, std::size_t index) {
    const physics::GpuSpec& gpu = spec.gpu;
    auto sensors = physics::documented_sensors(gpu.architecture);
    DeviceInfo out;
    out.name = name_of(spec, index);
    out.backend = "sim";
    out.product = gpu.product + " (simulated)";
    out.uuid = fmt::format("SIM-{:016x}", seed_of(spec, index));
    out.architecture = std::string(physics::to_string(gpu.architecture));
    out.compute_capability = gpu.compute_capability;
    out.memory_total = gpu.memory;
    out.power_limit = spec.power.cap;
    out.power_limit_default = gpu.tdp;
    out.idle_power = gpu.idle_power;
    out.simulated = true;
    out.boundary = Boundary::gpu_board;
    out.power_sensor = std::move(sensors.instant);
    if (spec.sensor.average) {
        out.average_sensor = std::move(sensors.average);
    }
    if (spec.sensor.counter) {
        out.counter = std::move(sensors.counter);
    }
    out.notes.push_back(
        fmt::format("Simulated: plays the load '{}' while a workload is active.", spec.load_name));
    if (!gpu.idle_power) {
        out.notes.push_back(fmt::format("Its idle power is not known; {:g} W is assumed.",
                                        spec.power.idle.value()));
    }
    return out;
}

// Dynamic power goes with the cube of the clock (P ~ f V^2, V ~ f), so the clock gives way by the
// cube root.
double clock_share(const physics::PowerModel& model, physics::Activity activity) {
    if (activity == physics::Activity{}) {
        return idle_clock_share;
    }
    if (!model.is_capped(activity)) {
        return 1.0;
    }
    return std::cbrt((model.cap - model.idle) / (model.demand(activity) - model.idle));
}

std::uint32_t throttle_reasons(const physics::PowerModel& model, physics::Activity activity) {
    if (activity == physics::Activity{}) {
        return bit(Throttle::idle);
    }
    return model.is_capped(activity) ? bit(Throttle::power_cap) : 0U;
}

} // namespace

SimulatedDevice::SimulatedDevice(std::shared_ptr<physics::SimulatedMachine> machine,
                                 std::size_t index,
                                 const SimulatedSpec& spec,
                                 Clock& clock)
    : machine_(std::move(machine)), index_(index), gpu_(machine_->gpu(index)), load_(spec.load),
      latency_(spec.latency), clock_(clock), info_(describe(spec, index)) {}

Result<FastReading> SimulatedDevice::read_fast() {
    const Instant before = clock_.now();
    if (latency_ > Nanoseconds{0}) {
        clock_.sleep_until(before + latency_, {});
    }
    FastReading out;
    out.latency = clock_.now() - before;
    out.time = before + out.latency / 2;
    out.power = gpu_.reading(out.time);
    out.average_power = gpu_.average(out.time);
    out.energy_counter = gpu_.counter(out.time);
    return out;
}

Result<SlowReading> SimulatedDevice::read_slow() {
    SlowReading out;
    out.time = clock_.now();
    const physics::GpuSpec& spec = gpu_.spec();
    const physics::PowerModel& model = gpu_.model();
    const physics::Activity activity = gpu_.activity(out.time);
    bool active = false;
    {
        const std::lock_guard lock(mutex_);
        active = active_;
    }
    out.temperature = Celsius{std::round(machine_->temperature(index_, out.time).value())};
    out.utilisation = std::min(1.0, activity.memory + activity.compute);
    out.memory_utilisation = activity.memory;
    out.memory_used = spec.memory * (active ? memory_used_active : memory_used_idle);
    if (spec.sm_clock) {
        out.sm_clock = *spec.sm_clock * clock_share(model, activity);
    }
    out.power_limit = model.cap;
    out.throttle_reasons = throttle_reasons(model, activity);
    return out;
}

void SimulatedDevice::note_workload(bool active) {
    const std::lock_guard lock(mutex_);
    if (active == active_) {
        return;
    }
    active_ = active;
    gpu_.play(clock_.now(), active ? load_ : physics::no_load());
}

std::shared_ptr<physics::SimulatedMachine> make_machine(const SimulatedSpec& spec, Instant start) {
    physics::SensorParameters sensor = spec.sensor;
    if (sensor.counter) {
        sensor.counter->origin = start;
        sensor.counter->start = spec.power.idle * counted_before;
    }
    std::vector<std::unique_ptr<physics::SimulatedGpu>> gpus;
    gpus.reserve(spec.count);
    for (std::size_t i = 0; i < spec.count; ++i) {
        gpus.push_back(std::make_unique<physics::SimulatedGpu>(
            spec.gpu, spec.power, sensor, seed_of(spec, i)));
    }
    return std::make_shared<physics::SimulatedMachine>(std::move(gpus), spec.thermal, start);
}

Result<std::vector<std::unique_ptr<Device>>> open_simulated(std::string_view spec_after_colon,
                                                            Clock& clock,
                                                            std::uint64_t seed) {
    const auto spec = parse_simulated(spec_after_colon, seed);
    if (!spec) {
        return tl::unexpected(spec.error());
    }
    const auto machine = make_machine(*spec, clock.now());
    std::vector<std::unique_ptr<Device>> out;
    out.reserve(spec->count);
    for (std::size_t i = 0; i < spec->count; ++i) {
        out.push_back(std::make_unique<SimulatedDevice>(machine, i, *spec, clock));
    }
    return out;
}

} // namespace joulemark::device
