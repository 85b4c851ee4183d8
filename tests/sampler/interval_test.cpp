#include "sampler/interval.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace joulemark::sampler {
namespace {

using namespace std::chrono_literals;

DeviceInfo with_power_sensor(Seconds update, Seconds window, Seconds delay) {
    DeviceInfo info;
    info.power_sensor = SensorProfile{};
    info.power_sensor->update_period = update;
    info.power_sensor->averaging_window = window;
    info.power_sensor->delay = delay;
    return info;
}

DeviceInfo with_tick(Seconds tick) {
    DeviceInfo info;
    info.counter = CounterProfile{};
    info.counter->tick = tick;
    return info;
}

TEST(RecommendedInterval, IsAFifthOfTheFastestStepOfTheSensors) {
    EXPECT_EQ(recommended_interval(with_power_sensor(50_ms, 25_ms, 0_ms)), 10ms);
    EXPECT_EQ(recommended_interval(with_tick(40_ms)), 8ms);
    DeviceInfo both = with_power_sensor(100_ms, 25_ms, 0_ms);
    both.counter = with_tick(40_ms).counter;
    EXPECT_EQ(recommended_interval(both), 8ms);
}

TEST(RecommendedInterval, StaysBetweenFiveAndTwentyMilliseconds) {
    EXPECT_EQ(recommended_interval(with_tick(1_ms)), 5ms);
    EXPECT_EQ(recommended_interval(with_tick(1_s)), 20ms);
    EXPECT_EQ(recommended_interval({}), 20ms);
}

TEST(BracketingTime, ReachesUntilTheSensorSpeaksOfTheEdge) {
    EXPECT_EQ(bracketing_time(with_power_sensor(100_ms, 1_s, 500_ms)), 1900ms);
    EXPECT_EQ(bracketing_time(with_tick(200_ms)), 800ms);
}

TEST(BracketingTime, FallsBackOnTheAveragedSensor) {
    DeviceInfo info;
    info.average_sensor = with_power_sensor(100_ms, 1_s, 0_ms).power_sensor;
    EXPECT_EQ(bracketing_time(info), 1400ms);
}

TEST(BracketingTime, IsAtLeastHalfASecondAndAtMostThree) {
    EXPECT_EQ(bracketing_time({}), 500ms);
    EXPECT_EQ(bracketing_time(with_power_sensor(1_ms, 1_ms, 0_ms)), 500ms);
    EXPECT_EQ(bracketing_time(with_power_sensor(1_s, 10_s, 1_s)), 3s);
}

} // namespace
} // namespace joulemark::sampler
