#include "physics/curve.hpp"
#include "physics/load.hpp"

#include <gtest/gtest.h>

namespace joulemark::physics {
namespace {

using namespace std::chrono_literals;

TEST(Curve, ConstantHoldsForever) {
    const auto curve = constant(350_W);
    EXPECT_EQ(value_at(curve, -1h), 350_W);
    EXPECT_EQ(value_at(curve, 0ns), 350_W);
    EXPECT_EQ(value_at(curve, 1000h), 350_W);
}

TEST(Curve, StepHoldsItsNewValueFromTheJumpOn) {
    const auto curve = step(100_W, 600_W, 1s);
    EXPECT_EQ(value_at(curve, 1s - 1ns), 100_W);
    EXPECT_EQ(value_at(curve, 1s), 600_W);
}

TEST(Curve, RampIsLinear) {
    const auto curve = ramp(100_W, 500_W, 1s, 2s);
    EXPECT_EQ(value_at(curve, 0s), 100_W);
    EXPECT_DOUBLE_EQ(value_at(curve, 1500ms).value(), 200.0);
    EXPECT_EQ(value_at(curve, 3s), 500_W);
    EXPECT_EQ(value_at(curve, 9s), 500_W);
}

TEST(Curve, BurstReturnsToItsBase) {
    const auto curve = burst(150_W, 700_W, 1s, 200ms);
    EXPECT_EQ(value_at(curve, 999ms), 150_W);
    EXPECT_EQ(value_at(curve, 1s), 700_W);
    EXPECT_EQ(value_at(curve, 1200ms - 1ns), 700_W);
    EXPECT_EQ(value_at(curve, 1200ms), 150_W);
}

TEST(Curve, SquareRepeatsInBothDirections) {
    const auto curve = square(150_W, 700_W, 100ms, 0.25);
    for (const auto turn : {-1000, -1, 0, 1, 100'000}) {
        EXPECT_EQ(value_at(curve, turn * 100ms), 700_W) << turn;
        EXPECT_EQ(value_at(curve, turn * 100ms + 25ms - 1ns), 700_W) << turn;
        EXPECT_EQ(value_at(curve, turn * 100ms + 25ms), 150_W) << turn;
        EXPECT_EQ(value_at(curve, turn * 100ms + 100ms - 1ns), 150_W) << turn;
    }
}

TEST(Curve, RepeatPlaysItsStagesInOrder) {
    const auto curve = repeat<Watts>({{600_W, 1s}, {300_W, 2s}, {70_W, 1s}});
    EXPECT_EQ(curve.period, 4s);
    EXPECT_EQ(value_at(curve, 4500ms), 600_W);
    EXPECT_EQ(value_at(curve, 5s), 300_W);
    EXPECT_EQ(value_at(curve, 7999ms), 70_W);
}

TEST(Load, LlmCyclePrefillsAtTheArithmeticRoofAndDecodesAtTheMemoryRoof) {
    const LlmCycle cycle;
    const LoadCurve load = llm_cycles(cycle);
    EXPECT_EQ(value_at(load, cycle.prefill / 2), cycle.prefill_activity);
    const Activity decode = value_at(load, cycle.prefill + cycle.decode / 2);
    EXPECT_GT(decode.memory, cycle.decode_begin.memory);
    EXPECT_LT(decode.memory, cycle.decode_end.memory);
    EXPECT_DOUBLE_EQ(decode.compute, cycle.decode_begin.compute);
    EXPECT_EQ(value_at(load, cycle.length() - 1ms), Activity{});
    EXPECT_EQ(value_at(load, cycle.length() * 7 + cycle.prefill / 2), cycle.prefill_activity);
}

TEST(Activity, PowerIsLinearUntilTheCap) {
    const PowerModel model{
        .idle = 70_W, .memory_power = 300_W, .compute_power = 400_W, .cap = 700_W};
    EXPECT_EQ(model.power({}), 70_W);
    EXPECT_EQ(model.power({.memory = 0.5, .compute = 0.25}), 320_W);
    EXPECT_EQ(model.power({.memory = 1.0, .compute = 1.0}), 700_W);
    EXPECT_EQ(model.demand({.memory = 1.0, .compute = 1.0}), 770_W);
    EXPECT_TRUE(model.is_capped({.memory = 1.0, .compute = 1.0}));
    EXPECT_FALSE(model.is_capped({.memory = 0.5, .compute = 0.25}));
}

TEST(Activity, OfAPowerTakesThatPower) {
    const PowerModel model{
        .idle = 70_W, .memory_power = 300_W, .compute_power = 400_W, .cap = 700_W};
    EXPECT_DOUBLE_EQ(model.power(activity_for(model, 420_W)).value(), 420.0);
    EXPECT_EQ(model.power(activity_for(model, 10_W)), 70_W);
    EXPECT_EQ(model.power(activity_for(model, 5000_W)), 700_W);
}

} // namespace
} // namespace joulemark::physics
