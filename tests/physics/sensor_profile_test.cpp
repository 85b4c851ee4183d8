#include "physics/gpu_catalog.hpp"
#include "physics/sensor.hpp"
#include "physics/sensor_profile.hpp"

#include <gtest/gtest.h>

namespace joulemark::physics {
namespace {

struct Known {
    Architecture architecture;
    double update_period;
    double window;
    std::optional<double> average_window;
    double power_draw_window;
    std::optional<double> tick;
};

class DocumentedSensor : public testing::TestWithParam<Known> {};

TEST_P(DocumentedSensor, IsAsPublished) {
    const Known& known = GetParam();
    const DocumentedSensors sensors = documented_sensors(known.architecture);
    EXPECT_DOUBLE_EQ(sensors.instant.update_period->value(), known.update_period);
    EXPECT_DOUBLE_EQ(sensors.instant.averaging_window->value(), known.window);
    EXPECT_DOUBLE_EQ(sensors.power_draw.averaging_window->value(), known.power_draw_window);
    EXPECT_EQ(sensors.average.has_value(), known.average_window.has_value());
    if (sensors.average) {
        EXPECT_DOUBLE_EQ(sensors.average->averaging_window->value(), *known.average_window);
    }
    EXPECT_EQ(sensors.counter.has_value(), known.tick.has_value());
    if (sensors.counter) {
        EXPECT_DOUBLE_EQ(sensors.counter->tick->value(), *known.tick);
    }
    EXPECT_NE(sensors.instant.origin, Source::measured);
    EXPECT_DOUBLE_EQ(sensors.instant.gain_uncertainty, 0.05);
}

// The table of arXiv 2312.02741 and its workbook, in seconds.
INSTANTIATE_TEST_SUITE_P(
    Architectures,
    DocumentedSensor,
    testing::Values(Known{Architecture::hopper, 0.1, 0.025, 1.0, 1.0, 0.1},
                    Known{Architecture::ada, 0.1, 0.1, 1.0, 1.0, 0.1},
                    Known{Architecture::ampere_ga10x, 0.1, 0.1, 1.0, 1.0, 0.1},
                    Known{Architecture::ampere_ga100, 0.1, 0.025, {}, 0.025, 0.1},
                    Known{Architecture::turing, 0.1, 0.1, {}, 0.1, 0.1},
                    Known{Architecture::volta, 0.02, 0.01, {}, 0.01, 0.02},
                    Known{Architecture::pascal, 0.02, 0.01, {}, 0.01, {}}));

TEST(DocumentedSensor, OfAnUnknownArchitectureIsUnknown) {
    for (const auto architecture : {Architecture::unknown, Architecture::kepler}) {
        const DocumentedSensors sensors = documented_sensors(architecture);
        EXPECT_FALSE(sensors.instant.update_period);
        EXPECT_FALSE(sensors.instant.averaging_window);
        EXPECT_FALSE(sensors.instant.delay);
        EXPECT_FALSE(sensors.counter);
        EXPECT_EQ(sensors.instant.origin, Source::assumed);
    }
}

TEST(DocumentedSensor, OfBlackwellIsMarkedAsAssumed) {
    EXPECT_EQ(documented_sensors(Architecture::blackwell).instant.origin, Source::assumed);
    EXPECT_EQ(documented_sensors(Architecture::hopper).instant.origin, Source::estimated);
}

TEST(DocumentedSensor, IsWhatTheSimulatedSensorDoes) {
    for (const GpuSpec& gpu : gpu_catalog()) {
        const SensorParameters simulated = sensor_parameters_for(gpu);
        const DocumentedSensors documented = documented_sensors(gpu.architecture);
        EXPECT_EQ(simulated.instant.update_period,
                  to_nanoseconds(*documented.instant.update_period));
        EXPECT_EQ(simulated.instant.window, to_nanoseconds(*documented.instant.averaging_window));
        EXPECT_EQ(simulated.instant.delay, to_nanoseconds(*documented.instant.delay));
        EXPECT_EQ(simulated.average.has_value(), documented.average.has_value());
        EXPECT_EQ(simulated.counter.has_value(), documented.counter.has_value());
        EXPECT_GT(simulated.instant.noise, 0_W);
    }
}

TEST(Architecture, IsKnownByComputeCapability) {
    using enum Architecture;
    EXPECT_EQ(architecture_of_capability("6.1"), pascal);
    EXPECT_EQ(architecture_of_capability("7.0"), volta);
    EXPECT_EQ(architecture_of_capability("7.5"), turing);
    EXPECT_EQ(architecture_of_capability("8.0"), ampere_ga100);
    EXPECT_EQ(architecture_of_capability("8.6"), ampere_ga10x);
    EXPECT_EQ(architecture_of_capability("8.9"), ada);
    EXPECT_EQ(architecture_of_capability("9.0"), hopper);
    EXPECT_EQ(architecture_of_capability("10.0"), blackwell);
    EXPECT_EQ(architecture_of_capability("12.0"), blackwell);
    for (const char* odd : {"", "9", "9.", ".0", "9.x", "-9.0", "99999999999999999999.0", "42.0"}) {
        EXPECT_EQ(architecture_of_capability(odd), unknown) << odd;
    }
}

TEST(Architecture, IsKnownByProductName) {
    using enum Architecture;
    EXPECT_EQ(architecture_of_product("NVIDIA H100 80GB HBM3"), hopper);
    EXPECT_EQ(architecture_of_product("NVIDIA GH200 480GB"), hopper);
    EXPECT_EQ(architecture_of_product("NVIDIA A100-SXM4-80GB"), ampere_ga100);
    EXPECT_EQ(architecture_of_product("NVIDIA A30"), ampere_ga100);
    EXPECT_EQ(architecture_of_product("NVIDIA A10G"), ampere_ga10x);
    EXPECT_EQ(architecture_of_product("NVIDIA RTX A6000"), ampere_ga10x);
    EXPECT_EQ(architecture_of_product("NVIDIA GeForce RTX 3090 Ti"), ampere_ga10x);
    EXPECT_EQ(architecture_of_product("NVIDIA L40S"), ada);
    EXPECT_EQ(architecture_of_product("rtx4090"), ada);
    EXPECT_EQ(architecture_of_product("NVIDIA GeForce RTX 4090 D"), ada);
    EXPECT_EQ(architecture_of_product("NVIDIA RTX 6000 Ada Generation"), ada);
    EXPECT_EQ(architecture_of_product("NVIDIA RTX PRO 6000 Blackwell Server Edition"), blackwell);
    EXPECT_EQ(architecture_of_product("NVIDIA B200"), blackwell);
    EXPECT_EQ(architecture_of_product("Tesla T4"), turing);
    EXPECT_EQ(architecture_of_product("Tesla V100-SXM2-32GB"), volta);
    EXPECT_EQ(architecture_of_product("NVIDIA GeForce GTX 1080 Ti"), pascal);
    for (const char* odd : {"", "NVIDIA", "AMD Instinct MI300X", "NVIDIA A1000", "NVIDIA 41090"}) {
        EXPECT_EQ(architecture_of_product(odd), unknown) << odd;
    }
}

TEST(Architecture, OfEveryCatalogueRowIsTheSameByProductAndByCapability) {
    for (const GpuSpec& gpu : gpu_catalog()) {
        EXPECT_EQ(architecture_of_product(gpu.product), gpu.architecture) << gpu.name;
        EXPECT_EQ(architecture_of_product(gpu.name), gpu.architecture) << gpu.name;
    }
}

} // namespace
} // namespace joulemark::physics
