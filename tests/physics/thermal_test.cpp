#include "physics/load.hpp"
#include "physics/simulated_machine.hpp"
#include "physics/thermal.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace joulemark::physics {
namespace {

ThermalParameters parameters() {
    return {.ambient = Celsius{25.0},
            .own = KelvinsPerWatt{0.06},
            .neighbour = KelvinsPerWatt{0.004},
            .time_constant = 20_s};
}

TEST(Thermal, SettlesWhereResistanceTimesPowerIs) {
    ThermalModel model(parameters(), 1);
    const std::array power{500_W};
    for (int i = 0; i < 1000; ++i) {
        model.advance(1_s, power);
    }
    // 25 + 0.06 * 500
    EXPECT_NEAR(model.temperature(0).value(), 55.0, 1e-9);
}

TEST(Thermal, RisesBy63PercentInOneTimeConstant) {
    ThermalModel model(parameters(), 1);
    model.advance(20_s, std::array{500_W});
    EXPECT_NEAR(model.temperature(0).value(), 25.0 + 30.0 * (1.0 - std::exp(-1.0)), 1e-9);
}

TEST(Thermal, StepsOfAnyLengthGiveTheSame) {
    ThermalModel coarse(parameters(), 1);
    ThermalModel fine(parameters(), 1);
    coarse.advance(10_s, std::array{400_W});
    for (int i = 0; i < 1000; ++i) {
        fine.advance(10_ms, std::array{400_W});
    }
    EXPECT_NEAR(coarse.temperature(0).value(), fine.temperature(0).value(), 1e-9);
}

TEST(Thermal, NeighboursWarmEachOtherByTheirDistance) {
    ThermalModel model(parameters(), 4);
    const std::array power{1000_W, 0_W, 0_W, 0_W};
    model.settle(power);
    EXPECT_NEAR(model.temperature(0).value(), 25.0 + 60.0, 1e-9);
    EXPECT_NEAR(model.temperature(1).value(), 25.0 + 4.0, 1e-9);
    EXPECT_NEAR(model.temperature(2).value(), 25.0 + 2.0, 1e-9);
    EXPECT_NEAR(model.temperature(3).value(), 25.0 + 1.0, 1e-9);
    for (std::size_t i = 0; i < 4; ++i) {
        for (std::size_t j = 0; j < 4; ++j) {
            EXPECT_EQ(model.coupling(i, j), model.coupling(j, i));
        }
    }
}

TEST(Thermal, WithoutPowerItIsAsWarmAsTheAir) {
    ThermalModel model(parameters(), 2);
    model.settle(std::array{500_W, 500_W});
    for (int i = 0; i < 100; ++i) {
        model.advance(10_s, std::array{0_W, 0_W});
    }
    EXPECT_NEAR(model.temperature(0).value(), 25.0, 1e-9);
}

TEST(Thermal, AGpuAtItsTdpSettles45KelvinAboveTheAir) {
    ThermalModel model(thermal_parameters_for(700_W), 1);
    EXPECT_NEAR(model.steady_temperature(0, std::array{700_W}).value(), 30.0 + 45.0, 1e-9);
}

} // namespace
} // namespace joulemark::physics
