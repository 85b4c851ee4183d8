#include "physics/load.hpp"
#include "physics/simulated_machine.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace joulemark::physics {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<SimulatedMachine> machine_of(std::size_t gpus) {
    const GpuSpec spec = *find_gpu("h200");
    std::vector<std::unique_ptr<SimulatedGpu>> out;
    for (std::size_t i = 0; i < gpus; ++i) {
        out.push_back(std::make_unique<SimulatedGpu>(
            spec, power_model_of(spec), sensor_parameters_for(spec), i));
    }
    return std::make_unique<SimulatedMachine>(
        std::move(out), thermal_parameters_for(spec.tdp), Instant{});
}

TEST(Machine, TemperatureDoesNotDependOnHowOftenItIsRead) {
    const auto often = machine_of(2);
    const auto seldom = machine_of(2);
    for (const auto& machine : {often.get(), seldom.get()}) {
        machine->gpu(0).play(Instant{1s}, llm_cycles());
    }
    for (Nanoseconds t = 0s; t < 100s; t += 13ms) {
        (void)often->temperature(1, Instant{t});
    }
    for (const std::size_t gpu : {0U, 1U}) {
        EXPECT_EQ(often->temperature(gpu, Instant{100s}), seldom->temperature(gpu, Instant{100s}));
    }
}

TEST(Machine, TemperatureAfterALongSilenceIsTheSteadyOne) {
    const auto machine = machine_of(1);
    machine->gpu(0).play(Instant{1s}, constant(Activity{1.0, 1.0}));
    EXPECT_NEAR(machine->temperature(0, Instant{24h}).value(), 75.0, 1e-6);
}

TEST(Machine, TemperatureKnowsNothingOfTheFuture) {
    const auto machine = machine_of(1);
    machine->gpu(0).play(Instant{1s}, constant(Activity{1.0, 1.0}));
    const double idle = 30.0 + 45.0 * 70.0 / 700.0;
    EXPECT_NEAR(machine->temperature(0, Instant{1s}).value(), idle, 1e-9);
    EXPECT_NEAR(machine->temperature(0, Instant{1199ms}).value(), idle, 1e-9);
    EXPECT_GT(machine->temperature(0, Instant{1200ms}).value(), idle + 0.1);
}

TEST(Machine, ABusyGpuWarmsAnIdleOne) {
    const auto machine = machine_of(2);
    const double before = machine->temperature(1, Instant{1s}).value();
    machine->gpu(0).play(Instant{1s}, constant(Activity{1.0, 1.0}));
    // 1.4 K at 700 W, of which idling had made 70/700 already.
    EXPECT_NEAR(machine->temperature(1, Instant{1000s}).value() - before, 1.4 * 0.9, 1e-6);
}

TEST(SimulatedGpu, IsIdleUntilItPlaysAndItsTruthRemembers) {
    const GpuSpec spec = *find_gpu("h200");
    SimulatedGpu gpu(spec, power_model_of(spec), sensor_parameters_for(spec), 1);
    gpu.play(Instant{10s}, constant(Activity{.memory = 1.0, .compute = 0.0}));
    gpu.play(Instant{12s}, no_load());
    const double busy = power_model_of(spec).power({1.0, 0.0}).value();
    EXPECT_NEAR(
        gpu.truth().energy(Instant{9s}, Instant{13s}).value(), 70.0 + 2 * busy + 70.0, 1e-6);
    EXPECT_NEAR(gpu.reading(Instant{9s}).value(), 70.0, 7.0);
    EXPECT_NEAR(gpu.reading(Instant{11s}).value(), busy, 7.0);
    EXPECT_EQ(gpu.activity(Instant{13s}), Activity{});
}

TEST(SimulatedGpu, APlayInThePastBeginsAtTheLastChange) {
    const GpuSpec spec = *find_gpu("t4");
    SimulatedGpu gpu(spec, power_model_of(spec), sensor_parameters_for(spec), 1);
    gpu.play(Instant{10s}, constant(Activity{1.0, 1.0}));
    gpu.play(Instant{5s}, no_load());
    EXPECT_EQ(gpu.truth().power_at(Instant{9s}), power_model_of(spec).idle);
    EXPECT_EQ(gpu.truth().power_at(Instant{10s}), power_model_of(spec).idle);
}

} // namespace
} // namespace joulemark::physics
