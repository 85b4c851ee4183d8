#include "core/throttle.hpp"
#include "device/nvml_fake.hpp"
#include "device/nvml_fields.hpp"
#include "device/nvml_state.hpp"
#include "device/nvml_throttle.hpp"

#include <gtest/gtest.h>

namespace joulemark::device {
namespace {

class NvmlState : public testing::Test {
protected:
    NvmlDevice& open(std::string_view script, std::set<std::string, std::less<>> hidden = {}) {
        fake_.script(script);
        fake_.clock.advance(seconds{1});
        auto device = fake_.open_device(0, std::move(hidden));
        EXPECT_TRUE(device) << device.error().describe();
        device_ = std::move(*device);
        return *device_;
    }

    [[nodiscard]] SlowReading read() {
        auto reading = device_->read_slow();
        EXPECT_TRUE(reading) << reading.error().describe();
        return reading.value_or(SlowReading{});
    }

    FakeNvml fake_;
    std::unique_ptr<NvmlDevice> device_;
};

TEST_F(NvmlState, ReadsEverythingInSiUnits) {
    open("gpu h200\ntemperature 61\nmemory_temperature 72\nutilisation 87 34\n"
         "memory 151000000000 70000000000 600000000\nclocks 1980 3201\nlimits 650 700 200 700\n"
         "reasons 0x4");
    const SlowReading reading = read();
    EXPECT_EQ(reading.temperature, Celsius{61});
    EXPECT_EQ(reading.memory_temperature, Celsius{72});
    EXPECT_DOUBLE_EQ(reading.utilisation.value(), 0.87);
    EXPECT_DOUBLE_EQ(reading.memory_utilisation.value(), 0.34);
    EXPECT_EQ(reading.memory_used, Bytes{70e9});
    EXPECT_EQ(reading.sm_clock, Hertz{1980e6});
    EXPECT_EQ(reading.memory_clock, Hertz{3201e6});
    EXPECT_EQ(reading.power_limit, 650_W);
    EXPECT_EQ(reading.throttle_reasons, bit(Throttle::power_cap));
}

TEST_F(NvmlState, TimeIsTheMiddleOfAllCalls) {
    open("latency 100us\ngpu h200");
    const Instant before = fake_.clock.now();
    const SlowReading reading = read();
    EXPECT_EQ(reading.time - before, (fake_.clock.now() - before) / 2);
}

TEST_F(NvmlState, OlderFunctionsStandIn) {
    open("gpu v100\ntemperature 55\nmemory 16000000000 4000000000 500000000\nreasons 0x40",
         {"nvmlDeviceGetTemperatureV",
          "nvmlDeviceGetMemoryInfo_v2",
          "nvmlDeviceGetCurrentClocksEventReasons"});
    const SlowReading reading = read();
    EXPECT_EQ(reading.temperature, Celsius{55});
    EXPECT_EQ(reading.memory_used, Bytes{4.5e9}); // version 1 counts the driver's own part
    EXPECT_EQ(reading.throttle_reasons, bit(Throttle::thermal_hardware));
}

TEST_F(NvmlState, AVersionTheDriverDoesNotKnowFallsBackToo) {
    open("gpu v100\ntemperature 55\nfail nvmlDeviceGetTemperatureV 25");
    EXPECT_EQ(read().temperature, Celsius{55});
}

TEST_F(NvmlState, WhatIsNotOfferedIsAskedOnce) {
    open("gpu h200\nutilisation none\ntemperature none\nclocks none\nreasons none\nlimits none");
    const SlowReading reading = read();
    EXPECT_FALSE(reading.utilisation);
    EXPECT_FALSE(reading.memory_utilisation);
    EXPECT_FALSE(reading.temperature);
    EXPECT_FALSE(reading.sm_clock);
    EXPECT_FALSE(reading.power_limit);
    EXPECT_FALSE(reading.throttle_reasons); // the counters need a second look
    const std::uint64_t utilisation = fake_.calls("nvmlDeviceGetUtilizationRates");
    const std::uint64_t clocks = fake_.calls("nvmlDeviceGetClockInfo");
    (void)read();
    EXPECT_EQ(fake_.calls("nvmlDeviceGetUtilizationRates"), utilisation);
    EXPECT_EQ(fake_.calls("nvmlDeviceGetClockInfo"), clocks);
}

TEST_F(NvmlState, APassingFailureIsForgotten) {
    open("gpu h200\ntemperature 50");
    fake_.script("fail nvmlDeviceGetTemperatureV 10 1\nfail nvmlDeviceGetTemperature 10 1");
    EXPECT_FALSE(read().temperature);
    EXPECT_EQ(read().temperature, Celsius{50});
}

TEST_F(NvmlState, ZeroIsNotAnAnswerWhereItCannotBe) {
    open("gpu h200\nmemory_temperature 0\nclocks 0 0\nlimits 0 0 0 0\nutilisation 0 0");
    const SlowReading reading = read();
    EXPECT_FALSE(reading.memory_temperature);
    EXPECT_FALSE(reading.sm_clock);
    EXPECT_FALSE(reading.memory_clock);
    EXPECT_FALSE(reading.power_limit);
    EXPECT_EQ(reading.utilisation, 0.0); // an idle GPU
}

TEST_F(NvmlState, NonsenseIsNoAnswer) {
    open("gpu h200\ntemperature 32767\nmemory_temperature 99999\nutilisation 101 255\n"
         "memory 100 200 0");
    const SlowReading reading = read();
    EXPECT_FALSE(reading.temperature);
    EXPECT_FALSE(reading.memory_temperature);
    EXPECT_FALSE(reading.utilisation);
    EXPECT_FALSE(reading.memory_used);
}

TEST_F(NvmlState, UnderMigUtilisationIsNotEvenAskedFor) {
    open("gpu h200\nmig on MIG-1 MIG-2");
    EXPECT_FALSE(read().utilisation);
    EXPECT_EQ(fake_.calls("nvmlDeviceGetUtilizationRates"), 0);
}

TEST_F(NvmlState, AThrottleBetweenTwoReadingsShowsInTheNext) {
    open("gpu h200\nreasons 0\nthrottle 270 3s 3.2s\nthrottle 271 3.05s 3.1s");
    EXPECT_EQ(read().throttle_reasons, 0U);
    fake_.clock.advance(seconds{3}); // now 4 s: begun and over in between
    EXPECT_EQ(read().throttle_reasons,
              bit(Throttle::thermal_hardware) | bit(Throttle::power_brake));
    fake_.clock.advance(seconds{1});
    EXPECT_EQ(read().throttle_reasons, 0U);
}

TEST_F(NvmlState, CountersServeWithoutReasonBits) {
    open("gpu h200\nreasons none\nthrottle 74 2s 3s");
    EXPECT_FALSE(read().throttle_reasons);
    fake_.clock.advance(seconds{4});
    EXPECT_EQ(read().throttle_reasons, bit(Throttle::power_cap));
}

TEST_F(NvmlState, ReasonBitsServeWithoutCounters) {
    open("gpu h200\nreasons 0x21", {"nvmlDeviceGetFieldValues"});
    EXPECT_EQ(read().throttle_reasons, bit(Throttle::idle) | bit(Throttle::thermal_software));
    EXPECT_FALSE(read().memory_temperature);
}

TEST_F(NvmlState, ALostGpuIsAnError) {
    open("gpu h200");
    fake_.script("on 0\nlost");
    const auto reading = device_->read_slow();
    ASSERT_FALSE(reading);
    EXPECT_EQ(reading.error().kind, Kind::not_found);
}

TEST_F(NvmlState, ARefusedArgumentOfOneQuestionIsNoLoss) {
    open("gpu h200\nfail nvmlDeviceGetClockInfo 2");
    EXPECT_FALSE(read().sm_clock);
    EXPECT_TRUE(read().temperature);
}

TEST(NvmlThrottle, EveryReasonHasItsBit) {
    using nvml::throttle_bits;
    EXPECT_EQ(throttle_bits(0x000), 0U);
    EXPECT_EQ(throttle_bits(0x001), bit(Throttle::idle));
    EXPECT_EQ(throttle_bits(0x002), bit(Throttle::other));
    EXPECT_EQ(throttle_bits(0x004), bit(Throttle::power_cap));
    EXPECT_EQ(throttle_bits(0x008), bit(Throttle::hardware_slowdown));
    EXPECT_EQ(throttle_bits(0x010), bit(Throttle::sync_boost));
    EXPECT_EQ(throttle_bits(0x020), bit(Throttle::thermal_software));
    EXPECT_EQ(throttle_bits(0x040), bit(Throttle::thermal_hardware));
    EXPECT_EQ(throttle_bits(0x080), bit(Throttle::power_brake));
    EXPECT_EQ(throttle_bits(0x100), bit(Throttle::other));
    EXPECT_EQ(throttle_bits(0x8000), bit(Throttle::other));
    EXPECT_EQ(throttle_bits(0x8044),
              bit(Throttle::other) | bit(Throttle::power_cap) | bit(Throttle::thermal_hardware));
}

nvml::FieldValue counter(std::uint32_t id, std::uint64_t ns) {
    nvml::FieldValue field = nvml::field_request(id);
    field.status = nvml::Return::success;
    field.value_type = nvml::ValueType::uint64;
    field.value.uint64 = ns;
    return field;
}

TEST(NvmlThrottle, TheSumOfHeatYieldsToItsParts) {
    nvml::ThrottleCounters counters;
    const std::vector before{counter(75, 10), counter(269, 5), counter(270, 5)};
    const std::vector after{counter(75, 12), counter(269, 5), counter(270, 7)};
    EXPECT_FALSE(counters.moved(before));
    EXPECT_EQ(counters.moved(after), bit(Throttle::thermal_hardware));
}

TEST(NvmlThrottle, HeatWithoutPartsCountsAsSoftware) {
    nvml::ThrottleCounters counters;
    EXPECT_FALSE(counters.moved(std::vector{counter(75, 10)}));
    EXPECT_EQ(counters.moved(std::vector{counter(75, 11)}), bit(Throttle::thermal_software));
}

TEST(NvmlThrottle, ACounterThatGoesBackStartsAnew) {
    nvml::ThrottleCounters counters;
    EXPECT_FALSE(counters.moved(std::vector{counter(74, 1000)}));
    EXPECT_EQ(counters.moved(std::vector{counter(74, 3)}), 0U);
    EXPECT_EQ(counters.moved(std::vector{counter(74, 4)}), bit(Throttle::power_cap));
}

TEST(NvmlThrottle, AMissedLookLosesNothing) {
    nvml::ThrottleCounters counters;
    EXPECT_FALSE(counters.moved(std::vector{counter(74, 1000)}));
    EXPECT_FALSE(counters.moved({}));
    EXPECT_EQ(counters.moved(std::vector{counter(74, 1001)}), bit(Throttle::power_cap));
}

} // namespace
} // namespace joulemark::device
