// How fast the model of a GPU answers: readings of a simulated sensor, exact integrals, readings of
// a simulated device.
#include "device/simulated_device.hpp"
#include "physics/gpu_catalog.hpp"
#include "physics/load.hpp"
#include "physics/power_profile.hpp"
#include "physics/sensor.hpp"

#include <benchmark/benchmark.h>

namespace joulemark {
namespace {

using namespace std::chrono_literals;

physics::PowerProfile llm_power(const physics::GpuSpec& gpu) {
    return physics::PowerProfile(
        physics::electrical_power(physics::llm_cycles(), physics::power_model_of(gpu)));
}

void sensor_reading(benchmark::State& state) {
    const physics::GpuSpec gpu = *physics::find_gpu("h200");
    const physics::PowerProfile truth = llm_power(gpu);
    const physics::SimulatedSensor sensor(physics::sensor_parameters_for(gpu), 1);
    Instant t{1h};
    for (auto _ : state) {
        benchmark::DoNotOptimize(sensor.reading(truth, t));
        t += 10ms;
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(sensor_reading);

void counter_reading(benchmark::State& state) {
    const physics::GpuSpec gpu = *physics::find_gpu("h200");
    const physics::PowerProfile truth = llm_power(gpu);
    const physics::SimulatedSensor sensor(physics::sensor_parameters_for(gpu), 1);
    Instant t{1h};
    for (auto _ : state) {
        benchmark::DoNotOptimize(sensor.counter(truth, t));
        t += 10ms;
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(counter_reading);

// A trial of the accuracy benchmark: a sensor of its own, 30 s polled every 20 ms.
void trial_of_thirty_seconds(benchmark::State& state) {
    const physics::GpuSpec gpu = *physics::find_gpu("a100");
    const physics::PowerProfile truth = llm_power(gpu);
    const physics::SensorParameters parameters = physics::sensor_parameters_for(gpu);
    std::uint64_t seed = 0;
    for (auto _ : state) {
        const physics::SimulatedSensor sensor(parameters, ++seed);
        for (Instant t{0s}; t < Instant{30s}; t += 20ms) {
            benchmark::DoNotOptimize(sensor.reading(truth, t));
            benchmark::DoNotOptimize(sensor.counter(truth, t));
        }
    }
    state.SetItemsProcessed(state.iterations() * 1500);
}
BENCHMARK(trial_of_thirty_seconds)->Unit(benchmark::kMicrosecond);

void exact_integral(benchmark::State& state) {
    const physics::PowerProfile truth = llm_power(*physics::find_gpu("h200"));
    Instant t{1h};
    for (auto _ : state) {
        benchmark::DoNotOptimize(truth.energy(t, t + 24h));
        t += 10ms;
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(exact_integral);

void simulated_device(benchmark::State& state) {
    ManualClock clock{Instant{1h}};
    const auto devices = *device::open_simulated("h200", clock, 1);
    devices.front()->note_workload(true);
    for (auto _ : state) {
        benchmark::DoNotOptimize(devices.front()->read_fast());
        clock.advance(10ms);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(simulated_device);

} // namespace
} // namespace joulemark
