#include "device/nvml_fake.hpp"
#include "device/nvml_power.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace joulemark::device {
namespace {

using nvml::UsageMeaning;
using physics::Architecture;
using testing::HasSubstr;

// Opens GPU 0 of `script` five seconds after the script began.
class NvmlPower : public testing::Test {
protected:
    NvmlDevice& open(std::string_view script) {
        fake_.script(script);
        fake_.clock.advance(seconds{5});
        auto device = fake_.open_device();
        EXPECT_TRUE(device) << device.error().describe();
        device_ = std::move(*device);
        return *device_;
    }

    FakeNvml fake_;
    std::unique_ptr<NvmlDevice> device_;
};

TEST_F(NvmlPower, ReadsAllThreeInOneCall) {
    NvmlDevice& gpu = open("gpu h200\npower constant 321.5\ncounter 100ms 1000");
    const std::uint64_t calls = fake_.calls("nvmlDeviceGetFieldValues");
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_DOUBLE_EQ(reading->power.value_or(0_W).value(), 321.5);
    EXPECT_DOUBLE_EQ(reading->average_power.value_or(0_W).value(), 321.5);
    EXPECT_NEAR(reading->energy_counter.value_or(0_J).value(), 1000.0 + 5 * 321.5, 1e-3);
    EXPECT_EQ(fake_.calls("nvmlDeviceGetFieldValues"), calls + 1);
    EXPECT_EQ(fake_.calls("nvmlDeviceGetTotalEnergyConsumption"), 0);
    EXPECT_EQ(gpu.info().boundary, Boundary::gpu_board);
    EXPECT_THAT(gpu.info().power_sensor.value().field, HasSubstr("186"));
    EXPECT_THAT(gpu.info().average_sensor.value().field, HasSubstr("185"));
    EXPECT_THAT(gpu.info().counter.value().field, HasSubstr("83"));
}

TEST_F(NvmlPower, TimeIsTheMidPointOfTheCallAndLatencyItsLength) {
    NvmlDevice& gpu = open("latency nvmlDeviceGetFieldValues 300us\ngpu h200");
    const Instant before = fake_.clock.now();
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_EQ(reading->latency, microseconds{300});
    EXPECT_EQ(reading->time - before, microseconds{150});
    EXPECT_THAT(note_with(gpu.info(), "One reading takes"), HasSubstr("300.0 µs"));
    EXPECT_THAT(note_with(gpu.info(), "One reading takes"), HasSubstr("refresh a value"));
}

TEST_F(NvmlPower, StartUpMeasurementIsBounded) {
    open("latency nvmlDeviceGetFieldValues 15ms\ngpu h200");
    // Three for the probing of each field, two until 20 ms are over.
    EXPECT_EQ(fake_.calls("nvmlDeviceGetFieldValues"), 3U + 1U + 2U);
}

TEST_F(NvmlPower, AFieldThatIsNotSupportedDoesNotSpoilTheOthers) {
    NvmlDevice& gpu = open("gpu h200\npower constant 200\naverage none");
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_DOUBLE_EQ(reading->power.value_or(0_W).value(), 200.0);
    EXPECT_FALSE(reading->average_power);
    EXPECT_TRUE(reading->energy_counter);
    EXPECT_FALSE(gpu.info().average_sensor);
}

TEST_F(NvmlPower, OnAnOldDriverUnknownFieldsAreRememberedAsAbsent) {
    NvmlDevice& gpu = open("gpu v100\npower constant 200\nfield 186 code 2\nfield 83 code 2");
    const std::uint64_t calls = fake_.calls("nvmlDeviceGetFieldValues");
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_DOUBLE_EQ(reading->power.value_or(0_W).value(), 200.0);
    EXPECT_TRUE(reading->energy_counter);
    EXPECT_EQ(fake_.calls("nvmlDeviceGetFieldValues"), calls); // nothing left to ask there
    EXPECT_THAT(gpu.info().power_sensor.value().field, HasSubstr("nvmlDeviceGetPowerUsage"));
    EXPECT_THAT(gpu.info().counter.value().field, HasSubstr("nvmlDeviceGetTotalEnergyConsumption"));
}

TEST_F(NvmlPower, AValueOfAnotherIntegerTypeIsReadAsItsTypeSays) {
    NvmlDevice& gpu = open(
        "gpu h200\nfield 186 value 250000\nfield 186 type 3\nfield 83 value 5000\nfield 83 type 4");
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_DOUBLE_EQ(reading->power.value_or(0_W).value(), 250.0);
    EXPECT_DOUBLE_EQ(reading->energy_counter.value_or(0_J).value(), 5.0);
}

TEST_F(NvmlPower, AValueOfAnUnexpectedTypeIsNoReading) {
    for (const char* type : {"0", "7", "99"}) {
        FakeNvml fake;
        fake.script("gpu a100\nusage none\nfield 186 value 250000\nfield 186 type " +
                    std::string(type));
        fake.clock.advance(seconds{5});
        const auto device = fake.open_device();
        ASSERT_TRUE(device);
        const auto reading = (*device)->read_fast();
        ASSERT_TRUE(reading);
        EXPECT_FALSE(reading->power) << type;
        EXPECT_TRUE(reading->energy_counter);
    }
}

TEST_F(NvmlPower, TheTypeMayTurnBadLater) {
    NvmlDevice& gpu = open("gpu h200");
    fake_.script("on 0\nfield 186 type 0\nfield 185 type 77");
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_FALSE(reading->power);
    EXPECT_FALSE(reading->average_power);
    EXPECT_TRUE(reading->energy_counter);
}

TEST_F(NvmlPower, AnUntouchedFieldIsNoReading) {
    NvmlDevice& gpu = open("gpu h200\nfield 83 untouched");
    auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    // The function for the same counter stands in.
    EXPECT_TRUE(reading->energy_counter);
    EXPECT_THAT(gpu.info().counter.value().field, HasSubstr("nvmlDeviceGetTotalEnergyConsumption"));
    fake_.script("on 0\nfield 186 untouched");
    reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_FALSE(reading->power);
}

TEST_F(NvmlPower, ATimeStampOfZeroDoesNotMatter) {
    NvmlDevice& gpu = open("gpu h200\npower constant 400\nfield 186 stamp 0\nfield 83 stamp 0");
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_DOUBLE_EQ(reading->power.value_or(0_W).value(), 400.0);
    EXPECT_EQ(reading->time, fake_.clock.now());
}

TEST_F(NvmlPower, SentinelsAreNoReading) {
    NvmlDevice& gpu = open("gpu h200");
    fake_.script("on 0\nfield 186 value 4294967295\nfield 185 value 100000000\n"
                 "field 83 value 18446744073709551615");
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_FALSE(reading->power);
    EXPECT_FALSE(reading->average_power);
    EXPECT_FALSE(reading->energy_counter);
}

// ---- 0 W

TEST_F(NvmlPower, ZeroBesideASourceThatShowsPowerIsNotSupportedInDisguise) {
    NvmlDevice& gpu = open("gpu h200\npower constant 300\nfield 186 value 0");
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_DOUBLE_EQ(reading->power.value_or(0_W).value(), 300.0); // of field 185
    EXPECT_THAT(gpu.info().power_sensor.value().field, HasSubstr("185"));
    EXPECT_NE(note_with(gpu.info(), "mean over one second"), "");
}

TEST_F(NvmlPower, ZeroFromASourceThatNeverShowedPowerIsUnknown) {
    NvmlDevice& gpu = open("gpu v100\nusage none\nfield 186 value 0");
    auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_FALSE(reading->power);
    fake_.script("on 0\nfield 186 value 45000");
    EXPECT_DOUBLE_EQ(gpu.read_fast()->power.value_or(0_W).value(), 45.0);
    fake_.script("on 0\nfield 186 value 0");
    reading = gpu.read_fast();
    ASSERT_TRUE(reading && reading->power); // deep idle
    EXPECT_EQ(*reading->power, 0_W);
}

TEST_F(NvmlPower, ZeroWhileAnotherSourceShowsPowerIsUnknown) {
    NvmlDevice& gpu = open("gpu h200\npower constant 300");
    fake_.script("on 0\nfield 186 value 0");
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_FALSE(reading->power);
    EXPECT_TRUE(reading->average_power);
    fake_.script("on 0\nfield 185 value 0");
    EXPECT_EQ(gpu.read_fast()->power, 0_W);
}

TEST_F(NvmlPower, ACounterThatStandsAtZeroIsUnknownUntilItMoves) {
    NvmlDevice& gpu = open("gpu h200\nfield 83 value 0");
    EXPECT_FALSE(gpu.read_fast()->energy_counter);
    fake_.script("on 0\nfield 83 value 12");
    EXPECT_DOUBLE_EQ(gpu.read_fast()->energy_counter.value_or(0_J).value(), 0.012);
}

// ---- Semantics of nvmlDeviceGetPowerUsage

TEST_F(NvmlPower, UsageIsPresentPowerOnGa100AndOlderAndAMeanOnNewer) {
    using enum Architecture;
    for (const Architecture a : {kepler, maxwell, pascal, volta, turing, ampere_ga100}) {
        EXPECT_EQ(nvml::usage_meaning(a, "580.65.06"), UsageMeaning::present);
    }
    for (const Architecture a : {ampere_ga10x, ada, hopper, blackwell}) {
        EXPECT_EQ(nvml::usage_meaning(a, "580.65.06"), UsageMeaning::one_second_mean);
    }
    EXPECT_EQ(nvml::usage_meaning(ada, "530.41.03"), UsageMeaning::present);
    EXPECT_EQ(nvml::usage_meaning(hopper, "530.41.03"), UsageMeaning::one_second_mean);
    EXPECT_EQ(nvml::usage_meaning(unknown, "580"), UsageMeaning::unknown);
    EXPECT_EQ(nvml::usage_meaning(ada, ""), UsageMeaning::one_second_mean);
}

constexpr const char* only_usage = "\ninstant 100ms 25ms\nfield 186 code 3\nfield 185 code 3";

TEST_F(NvmlPower, UsageOfAGa100IsPower) {
    NvmlDevice& gpu = open(std::string("gpu a100\npower constant 250") + only_usage);
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_DOUBLE_EQ(reading->power.value_or(0_W).value(), 250.0);
    EXPECT_FALSE(reading->average_power);
    const SensorProfile sensor = gpu.info().power_sensor.value();
    EXPECT_THAT(sensor.field, HasSubstr("nvmlDeviceGetPowerUsage"));
    EXPECT_EQ(sensor.averaging_window, 25_ms);
    EXPECT_EQ(note_with(gpu.info(), "mean over one second"), "");
}

TEST_F(NvmlPower, UsageOfAGa10xIsAMeanAndSaysSo) {
    NvmlDevice& gpu = open(std::string("gpu rtx3090\npower square 100 300 10s") + only_usage);
    fake_.clock.advance(milliseconds{500}); // half a second into the low half
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_DOUBLE_EQ(reading->average_power.value_or(0_W).value(), 200.0);
    EXPECT_EQ(reading->power, reading->average_power);
    EXPECT_EQ(gpu.info().power_sensor.value().averaging_window, 1_s);
    EXPECT_EQ(gpu.info().average_sensor.value().averaging_window, 1_s);
    EXPECT_NE(note_with(gpu.info(), "mean over one second"), "");
    EXPECT_EQ(gpu.info().architecture, "Ampere (GA10x)");
}

TEST_F(NvmlPower, ArchitectureNumberSevenIsBothAmperes) {
    EXPECT_EQ(open("gpu a100").info().architecture, "Ampere (GA100)");
    FakeNvml other("gpu a100\ncapability none");
    const auto unnamed = other.open_device();
    ASSERT_TRUE(unnamed); // the product name tells
    EXPECT_EQ((*unnamed)->info().architecture, "Ampere (GA100)");
}

TEST_F(NvmlPower, UsageOfAnUnknownGpuIsPowerOfUnknownMeaning) {
    NvmlDevice& gpu = open(std::string("gpu h200\nname Future X1\ncapability 42.0\n"
                                       "architecture 77") +
                           only_usage);
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_TRUE(reading->power);
    EXPECT_FALSE(reading->average_power);
    EXPECT_FALSE(gpu.info().power_sensor.value().averaging_window);
    EXPECT_NE(note_with(gpu.info(), "not known whether"), "");
    EXPECT_EQ(gpu.info().architecture, "NVML architecture 77");
}

TEST_F(NvmlPower, OnlyTheAverageFieldServesAsBoth) {
    NvmlDevice& gpu = open("gpu h200\npower constant 300\nfield 186 code 3\nusage none");
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_EQ(reading->power, reading->average_power);
    EXPECT_NE(note_with(gpu.info(), "mean over one second"), "");
}

// ---- What is missing

TEST_F(NvmlPower, WithoutACounterTheReadingsGoOn) {
    NvmlDevice& gpu = open("gpu k80\npower constant 120");
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_DOUBLE_EQ(reading->power.value_or(0_W).value(), 120.0);
    EXPECT_FALSE(reading->energy_counter);
    EXPECT_FALSE(gpu.info().counter);
    EXPECT_NE(note_with(gpu.info(), "No energy counter"), "");
}

TEST_F(NvmlPower, WithoutPowerTheCounterGoesOn) {
    NvmlDevice& gpu = open("gpu h200\npower constant 500\ninstant none\naverage none\nusage none");
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_FALSE(reading->power);
    EXPECT_TRUE(reading->energy_counter);
    EXPECT_FALSE(gpu.info().power_sensor);
    EXPECT_THAT(note_with(gpu.info(), "No power reading"), HasSubstr("NOT_SUPPORTED"));
}

TEST_F(NvmlPower, WithNeitherTheGpuIsRefused) {
    fake_.script("gpu k80\ninstant none\nusage none");
    const auto device = fake_.open_device();
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().kind, Kind::unsupported);
    EXPECT_THAT(device.error().message, HasSubstr("gives neither power nor energy"));
}

TEST_F(NvmlPower, ForbiddenReadingIsAMatterOfPermission) {
    fake_.script("gpu k80\nfield 186 code 4\nusage none");
    const auto device = fake_.open_device();
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().kind, Kind::permission);
    EXPECT_THAT(device.error().message, HasSubstr("NO_PERMISSION"));
}

TEST_F(NvmlPower, AMissingPowerLimitDoesNotMatter) {
    NvmlDevice& gpu = open("gpu h200\nlimits none");
    EXPECT_FALSE(gpu.info().power_limit);
    EXPECT_FALSE(gpu.info().power_limit_max);
    EXPECT_TRUE(gpu.read_fast()->power);
    EXPECT_FALSE(gpu.read_slow()->power_limit);
}

// ---- Module scope

TEST_F(NvmlPower, ModuleScopeIsLabelledAndUsedOnlyWhenTheGpuSaysNothing) {
    NvmlDevice& gpu = open("gpu gh200\nfield 186 code 3\nfield 185 code 3\nusage none\n"
                           "counter none\nfield 186/1 value 650000\nfield 186/1 type 1\n"
                           "field 191/1 value 9000");
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_DOUBLE_EQ(reading->power.value_or(0_W).value(), 650.0);
    EXPECT_DOUBLE_EQ(reading->energy_counter.value_or(0_J).value(), 9.0);
    EXPECT_EQ(gpu.info().boundary, Boundary::module);
    EXPECT_THAT(gpu.info().power_sensor.value().field, HasSubstr("module"));
    EXPECT_THAT(note_with(gpu.info(), "whole module"), HasSubstr("do not add a CPU reading"));
}

TEST_F(NvmlPower, ModulePowerIsNotMixedWithTheGpusOwnCounter) {
    NvmlDevice& gpu = open("gpu gh200\nfield 186 code 3\nfield 185 code 3\nusage none\n"
                           "field 186/1 value 650000");
    EXPECT_EQ(gpu.info().boundary, Boundary::gpu_board);
    const auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_FALSE(reading->power);
    EXPECT_TRUE(reading->energy_counter);
}

TEST_F(NvmlPower, ZeroInModuleScopeIsARefusal) {
    fake_.script("gpu gh200\nfield 186 code 3\nfield 185 code 3\nusage none\ncounter none\n"
                 "field 186/1 value 0\nfield 191/1 value 0");
    EXPECT_FALSE(fake_.open_device());
}

// ---- Failures while measuring

TEST_F(NvmlPower, APassingFailureIsOneMissingReading) {
    NvmlDevice& gpu = open("gpu h200\npower constant 300");
    for (const char* code : {"10", "19", "21", "27", "999", "12345"}) {
        fake_.script("fail nvmlDeviceGetFieldValues " + std::string(code) + " 1");
        const auto reading = gpu.read_fast();
        ASSERT_FALSE(reading) << code;
        EXPECT_EQ(reading.error().kind, Kind::unavailable);
        EXPECT_TRUE(gpu.read_fast());
    }
}

TEST_F(NvmlPower, AFieldThatFailsOnceIsAbsentOnce) {
    NvmlDevice& gpu = open("gpu h200\npower constant 300");
    fake_.script("on 0\nfield 186 code 10\nfield 83 code 21");
    auto reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_FALSE(reading->power);
    EXPECT_FALSE(reading->energy_counter);
    EXPECT_TRUE(reading->average_power);
    fake_.script("on 0\nfield 186 own\nfield 83 own");
    reading = gpu.read_fast();
    EXPECT_TRUE(reading->power && reading->energy_counter);
}

TEST_F(NvmlPower, TheFirstCounterReadingMayFailWithoutLeavingAZero) {
    NvmlDevice& gpu = open("gpu h200\npower constant 300\ncounter 100ms 500000\nfield 83 code 10");
    EXPECT_FALSE(gpu.read_fast()->energy_counter);
    fake_.script("on 0\nfield 83 own");
    EXPECT_GT(gpu.read_fast()->energy_counter.value().value(), 500000.0);
}

TEST_F(NvmlPower, ASourceThatFailsAtFirstIsAskedAgain) {
    fake_.script("fail nvmlDeviceGetFieldValues 999 2");
    NvmlDevice& gpu = open("gpu h200");
    EXPECT_THAT(gpu.info().power_sensor.value().field, HasSubstr("186"));
}

TEST_F(NvmlPower, ACounterThatGoesBackIsHandedOnAsItIs) {
    NvmlDevice& gpu = open("gpu h200\npower constant 300\ncounter 100ms 500000");
    const Joules before = gpu.read_fast()->energy_counter.value();
    fake_.script("on 0\ncounter 100ms 0");
    fake_.clock.advance(seconds{1});
    const Joules after = gpu.read_fast()->energy_counter.value();
    EXPECT_LT(after, before);
    EXPECT_NEAR(after.value(), 300.0, 1e-6);
}

TEST_F(NvmlPower, BetweenTicksTheCounterStandsStill) {
    NvmlDevice& gpu = open("gpu h200\npower constant 300\ncounter 100ms 1000");
    const auto first = gpu.read_fast();
    fake_.clock.advance(milliseconds{99});
    const auto second = gpu.read_fast();
    fake_.clock.advance(milliseconds{1});
    const auto third = gpu.read_fast();
    EXPECT_EQ(first->energy_counter, second->energy_counter);
    EXPECT_LT(first->time, second->time);
    EXPECT_NEAR(
        (third->energy_counter.value() - second->energy_counter.value()).value(), 30.0, 1e-6);
}

TEST_F(NvmlPower, AWallClockStepLeavesTheReadingsTimesAlone) {
    NvmlDevice& gpu = open("gpu h200");
    const auto first = gpu.read_fast();
    for (const auto step : {hours{-1}, hours{1}}) {
        fake_.clock.step_wall(step);
        fake_.clock.advance(milliseconds{10});
        const auto reading = gpu.read_fast();
        ASSERT_TRUE(reading);
        EXPECT_EQ(reading->time, fake_.clock.now());
    }
    EXPECT_EQ(gpu.read_fast()->time - first->time, milliseconds{20});
}

// Whatever a driver puts into the fields, a reading is absent, or what the field says.
RC_GTEST_PROP(
    NvmlPowerProperty,
    NoAnswerBecomesAMadeUpNumber,
    (std::uint32_t instant_mw, std::uint64_t energy_mj, std::uint8_t type, std::uint16_t code)) {
    FakeNvml fake("gpu v100\npower constant 100\nusage none");
    fake.clock.advance(seconds{2});
    auto device = fake.open_device();
    RC_ASSERT(device.has_value());
    const auto status = code % 3 == 0 ? 0 : code % 1100;
    fake.script("on 0\nfield 186 value " + std::to_string(instant_mw) + "\nfield 186 type " +
                std::to_string(type % 8) + "\nfield 83 value " + std::to_string(energy_mj) +
                "\nfield 83 code " + std::to_string(status));
    const auto reading = (*device)->read_fast();
    if (!reading) {
        RC_ASSERT(status != 0);
        return;
    }
    const double shown_mw = reading->power.value_or(0_W).value() * 1e3;
    RC_ASSERT(shown_mw <= instant_mw + 0.5);
    RC_ASSERT(shown_mw < 1e8);
    RC_ASSERT(status == 0 || !reading->energy_counter.has_value());
}

} // namespace
} // namespace joulemark::device
