#include "core/throttle.hpp"
#include "device/simulated_device.hpp"
#include "device/simulated_spec.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <thread>

namespace joulemark::device {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Simulated : public testing::Test {
protected:
    std::vector<std::unique_ptr<Device>> open_all(std::string_view spec, std::uint64_t seed = 1) {
        auto devices = open_simulated(spec, clock_, seed);
        EXPECT_TRUE(devices) << devices.error().describe();
        return devices ? *std::move(devices) : std::vector<std::unique_ptr<Device>>{};
    }

    std::unique_ptr<Device> open_one(std::string_view spec, std::uint64_t seed = 1) {
        auto devices = open_all(spec, seed);
        EXPECT_EQ(devices.size(), 1U);
        return std::move(devices.at(0));
    }

    ManualClock clock_{Instant{1000s}};
};

TEST_F(Simulated, SaysWhatItIsAndThatItIsSimulated) {
    const auto device = open_one("h200");
    const DeviceInfo& info = device->info();
    EXPECT_EQ(info.name, "sim:h200");
    EXPECT_EQ(info.backend, "sim");
    EXPECT_EQ(info.product, "NVIDIA H200 (simulated)");
    EXPECT_TRUE(info.simulated);
    EXPECT_EQ(info.boundary, Boundary::gpu_board);
    EXPECT_EQ(info.power_limit, 700_W);
    EXPECT_EQ(info.idle_power, 70_W);
    EXPECT_EQ(info.power_sensor->update_period, 100_ms);
    EXPECT_EQ(info.power_sensor->averaging_window, 25_ms);
    EXPECT_EQ(info.average_sensor->averaging_window, 1_s);
    EXPECT_EQ(info.counter->tick, 100_ms);
    EXPECT_THAT(info.notes.at(0), HasSubstr("Simulated"));
}

TEST_F(Simulated, SensorsAreThoseOfItsArchitecture) {
    EXPECT_FALSE(open_one("a100")->info().average_sensor);
    EXPECT_EQ(open_one("v100")->info().power_sensor->update_period, 20_ms);
    EXPECT_FALSE(open_one("a100")->read_fast()->average_power);
    EXPECT_TRUE(open_one("rtx4090")->read_fast()->average_power);
}

TEST_F(Simulated, AnUnknownIdlePowerIsSaidToBeAssumed) {
    const auto device = open_one("b200");
    EXPECT_FALSE(device->info().idle_power);
    EXPECT_THAT(device->info().notes.at(1), HasSubstr("assumed"));
}

TEST_F(Simulated, IsIdleUntilTheWorkloadBeginsAndAfterItEnds) {
    const auto device = open_one("h200?load=constant&high=500");
    EXPECT_NEAR(device->read_fast()->power->value(), 70.0, 8.0);
    device->note_workload(true);
    clock_.advance(2s);
    EXPECT_NEAR(device->read_fast()->power->value(), 500.0, 8.0);
    EXPECT_NEAR(device->read_fast()->average_power->value(), 500.0, 8.0);
    device->note_workload(false);
    clock_.advance(2s);
    EXPECT_NEAR(device->read_fast()->power->value(), 70.0, 8.0);
}

TEST_F(Simulated, TellingItTwiceDoesNotBeginTheLoadAnew) {
    const auto device = open_one("h200?load=step&begin=1s&low=100&high=600");
    device->note_workload(true);
    clock_.advance(1500ms);
    device->note_workload(true);
    clock_.advance(500ms);
    EXPECT_NEAR(device->read_fast()->power->value(), 600.0, 8.0);
}

TEST_F(Simulated, CounterGivesTheEnergyOfTheLoad) {
    const auto device = open_one("h200?load=square&high=600&low=200&period=500ms&noise=0");
    const double before = device->read_fast()->energy_counter->value();
    device->note_workload(true);
    clock_.advance(100s);
    const double energy = device->read_fast()->energy_counter->value() - before;
    // 400 W on average; at either end the counter lags by up to a tick of 100 ms.
    EXPECT_NEAR(energy, 40'000.0, 60.0);
}

TEST_F(Simulated, GainAndOffsetBendReadingsAndCounterAlike) {
    const auto device = open_one("h200?load=constant&high=500&gain=1.1&offset=5W&noise=0");
    device->note_workload(true);
    clock_.advance(2s);
    const auto first = *device->read_fast();
    clock_.advance(10s);
    const auto second = *device->read_fast();
    EXPECT_NEAR(first.power->value(), 555.0, 1e-3);
    EXPECT_NEAR((*second.energy_counter - *first.energy_counter).value(), 5550.0, 2e-3);
}

TEST_F(Simulated, WithoutCounterItHasNone) {
    const auto device = open_one("h200?counter=off");
    EXPECT_FALSE(device->info().counter);
    EXPECT_FALSE(device->read_fast()->energy_counter);
    EXPECT_TRUE(open_one("h200?counter=on")->read_fast()->energy_counter);
}

TEST_F(Simulated, SlowReadingsFollowTheActivity) {
    const auto device = open_one("h200?load=constant&high=5000");
    const SlowReading idle = *device->read_slow();
    EXPECT_EQ(idle.utilisation, 0.0);
    EXPECT_EQ(idle.throttle_reasons, bit(Throttle::idle));
    EXPECT_EQ(idle.temperature, Celsius{35.0}); // 30 + 45 * 70/700, rounded
    device->note_workload(true);
    clock_.advance(10min);
    const SlowReading busy = *device->read_slow();
    EXPECT_EQ(busy.utilisation, 1.0);
    EXPECT_EQ(busy.memory_utilisation, 1.0);
    EXPECT_EQ(busy.throttle_reasons, bit(Throttle::power_cap));
    EXPECT_EQ(busy.temperature, Celsius{75.0});
    EXPECT_EQ(busy.power_limit, 700_W);
    EXPECT_GT(*busy.memory_used, *idle.memory_used);
    EXPECT_GT(*busy.sm_clock, *idle.sm_clock);
    // The cap holds the clock down: cbrt(630 / 724.5) of 1980 MHz.
    EXPECT_NEAR(busy.sm_clock->value(), 1980e6 * std::cbrt(1 / 1.15), 1.0);
    EXPECT_NEAR(device->read_fast()->power->value(), 700.0, 8.0);
    EXPECT_FALSE(busy.memory_temperature);
    EXPECT_FALSE(busy.memory_clock);
}

TEST_F(Simulated, ALowerCapHolds) {
    const auto device = open_one("h200?load=constant&high=600&cap=400");
    device->note_workload(true);
    clock_.advance(2s);
    EXPECT_NEAR(device->read_fast()->power->value(), 400.0, 8.0);
    EXPECT_EQ(device->info().power_limit, 400_W);
    EXPECT_EQ(device->info().power_limit_default, 700_W);
}

TEST_F(Simulated, LlmLoadShowsPrefillDecodeAndIdle) {
    const auto device = open_one("h200?noise=0");
    device->note_workload(true);
    std::set<int> seen; // in steps of 100 W
    for (int i = 0; i < 1000; ++i) {
        clock_.advance(10ms);
        const double watts = device->read_fast()->power->value();
        EXPECT_GE(watts, 70.0 - 1e-3);
        EXPECT_LE(watts, 700.0);
        seen.insert(static_cast<int>(watts / 100.0));
    }
    EXPECT_TRUE(seen.contains(0));
    EXPECT_TRUE(seen.contains(3));
    EXPECT_TRUE(seen.contains(6));
}

TEST_F(Simulated, SeveralDevicesAreUnlikeInPhaseAndNamedApart) {
    const auto devices = open_all("h200*8?load=square&period=1s");
    ASSERT_EQ(devices.size(), 8U);
    std::set<std::string> names;
    std::set<std::string> uuids;
    std::set<double> readings;
    for (const auto& device : devices) {
        names.insert(device->info().name);
        uuids.insert(*device->info().uuid);
        readings.insert(device->read_fast()->power->value());
    }
    EXPECT_EQ(names.size(), 8U);
    EXPECT_TRUE(names.contains("sim:h200/7?load=square&period=1s"));
    EXPECT_EQ(uuids.size(), 8U);
    EXPECT_EQ(readings.size(), 8U);
}

TEST_F(Simulated, NeighboursWarmEachOther) {
    const auto alone = open_one("h200?load=constant&high=700");
    const auto together = open_all("h200*8?load=constant&high=700");
    alone->note_workload(true);
    for (const auto& device : together) {
        device->note_workload(true);
    }
    clock_.advance(10min);
    EXPECT_GT(*together.at(3)->read_slow()->temperature,
              *alone->read_slow()->temperature + Kelvins{3.0});
}

TEST_F(Simulated, OneSeedGivesOneRecording) {
    const auto record = [&](std::string_view spec, std::uint64_t seed) {
        ManualClock clock{Instant{1000s}};
        const auto devices = *open_simulated(spec, clock, seed);
        devices.at(0)->note_workload(true);
        std::vector<double> out;
        for (int i = 0; i < 200; ++i) {
            clock.advance(10ms);
            out.push_back(devices.at(0)->read_fast()->power->value());
        }
        return out;
    };
    EXPECT_EQ(record("a100", 5), record("a100", 5));
    EXPECT_NE(record("a100", 5), record("a100", 6));
    EXPECT_EQ(record("a100?seed=6", 5), record("a100?seed=6", 99));
}

TEST_F(Simulated, LatencyIsTakenAndReported) {
    clock_.set_auto_advance(true);
    const auto device = open_one("h200?latency=50us");
    const Instant before = clock_.now();
    const FastReading reading = *device->read_fast();
    EXPECT_EQ(reading.latency, 50us);
    EXPECT_EQ(reading.time, before + 25us);
    EXPECT_EQ(clock_.now(), before + 50us);
    EXPECT_EQ(open_one("h200")->read_fast()->latency, 0ns);
}

TEST_F(Simulated, WorkloadMayBeginWhileAnotherThreadReads) {
    const auto devices = open_all("h200*2");
    std::vector<std::jthread> readers;
    for (const auto& device : devices) {
        readers.emplace_back([&device](std::stop_token stop) {
            while (!stop.stop_requested()) {
                EXPECT_TRUE(device->read_fast()->power);
                EXPECT_TRUE(device->read_slow()->temperature);
            }
        });
    }
    for (int i = 0; i < 200; ++i) {
        for (const auto& device : devices) {
            device->note_workload(i % 2 == 0);
        }
        clock_.advance(10ms);
    }
}

TEST_F(Simulated, TruthStaysWithWhoMadeTheMachine) {
    const SimulatedSpec spec =
        *parse_simulated("h200?load=square&high=600&low=200&period=500ms", 3);
    const auto machine = make_machine(spec, clock_.now());
    SimulatedDevice device(machine, 0, spec, clock_);
    device.note_workload(true);
    const Instant begin = clock_.now();
    clock_.advance(10s);
    EXPECT_NEAR(machine->gpu(0).truth().energy(begin, clock_.now()).value(), 4000.0, 1e-6);
}

TEST(SimulatedSpecText, KnowsEveryLoad) {
    for (const char* load : {"llm", "idle", "constant", "square", "step", "ramp", "burst"}) {
        EXPECT_EQ(parse_simulated(std::string("h200?load=") + load, 1)->load_name, load);
    }
    EXPECT_EQ(parse_simulated("h200", 1)->load_name, "llm");
}

TEST(SimulatedSpecText, PlaysTheShapeThatWasAskedFor) {
    const auto power_at = [](std::string_view text, Nanoseconds t) {
        const SimulatedSpec spec = *parse_simulated(text, 1);
        return physics::value_at(physics::electrical_power(spec.load, spec.power), t).value();
    };
    EXPECT_NEAR(power_at("h200?load=idle&high=500", 5s), 70, 1e-9);
    EXPECT_NEAR(power_at("h200?load=constant", 5s), 70 + 0.8 * 630, 1e-9);
    EXPECT_NEAR(
        power_at("h200?load=square&high=600&low=150&period=1s&duty=0.2", 1100ms), 600, 1e-9);
    EXPECT_NEAR(
        power_at("h200?load=square&high=600&low=150&period=1s&duty=0.2", 1300ms), 150, 1e-9);
    EXPECT_NEAR(power_at("h200?load=step&high=600&begin=3s", 2900ms), 70, 1e-9);
    EXPECT_NEAR(power_at("h200?load=step&high=600&begin=3s", 3s), 600, 1e-9);
    EXPECT_NEAR(power_at("h200?load=ramp&low=100&high=600&begin=1s&length=2s", 2s), 350, 1e-9);
    EXPECT_NEAR(
        power_at("h200?load=burst&low=100&high=600&begin=1s&length=200ms", 1100ms), 600, 1e-9);
    EXPECT_NEAR(
        power_at("h200?load=burst&low=100&high=600&begin=1s&length=200ms", 1300ms), 100, 1e-9);
}

std::string refusal(std::string_view text) {
    const auto spec = parse_simulated(text, 1);
    return spec ? "accepted" : spec.error().describe();
}

TEST(SimulatedSpecText, RefusesUnknownOptionsAndListsTheKnownOnes) {
    const std::string message = refusal("h200?frequency=5");
    EXPECT_THAT(message, HasSubstr("'frequency'"));
    for (const SimulatedOption& option : simulated_options()) {
        EXPECT_THAT(message, HasSubstr(std::string(option.key)));
    }
    EXPECT_EQ(parse_simulated("h200?frequency=5", 1).error().kind, Kind::invalid_argument);
}

TEST(SimulatedSpecText, RefusesValuesThatMakeNoSense) {
    EXPECT_THAT(refusal("h200?load=linpack"), HasSubstr("one of llm, idle"));
    EXPECT_THAT(refusal("h200?period=0"), HasSubstr("a time from"));
    EXPECT_THAT(refusal("h200?period=2h"), HasSubstr("a time from"));
    EXPECT_THAT(refusal("h200?high=lots"), HasSubstr("a power from"));
    EXPECT_THAT(refusal("h200?high"), HasSubstr("option high takes"));
    EXPECT_THAT(refusal("h200?duty=1.5"), HasSubstr("a number from 0 to 1"));
    EXPECT_THAT(refusal("h200?gain=nan"), HasSubstr("a number from 0.5 to 2"));
    EXPECT_THAT(refusal("h200?seed=1.5"), HasSubstr("whole number"));
    EXPECT_THAT(refusal("h200?seed=-1"), HasSubstr("whole number"));
    EXPECT_THAT(refusal("h200?counter=maybe"), HasSubstr("on or off"));
    EXPECT_THAT(refusal("h200?cap=60"), HasSubstr("above 70 W"));
    EXPECT_THAT(refusal("h200?cap=800"), HasSubstr("up to 700 W"));
    EXPECT_THAT(refusal("h200?&&"), HasSubstr("no option ''"));
}

TEST(SimulatedSpecText, RefusesOddCounts) {
    for (const char* text :
         {"h200*0", "h200*-1", "h200*65", "h200*", "h200*2.5", "h200*99999999999999999999"}) {
        EXPECT_THAT(refusal(text), HasSubstr("1 to 64")) << text;
    }
    EXPECT_EQ(parse_simulated("h200*64", 1)->count, 64U);
}

TEST(SimulatedSpecText, OffersNearNamesForAnUnknownGpu) {
    EXPECT_THAT(refusal("h20"), HasSubstr("h200"));
    EXPECT_EQ(parse_simulated("h20", 1).error().kind, Kind::not_found);
    EXPECT_THAT(refusal(""), HasSubstr("no GPU ''"));
    EXPECT_THAT(refusal("\x1b[2J?x"), HasSubstr("\\x1b[2J"));
}

TEST(SimulatedSpecText, EveryOptionIsInTheReference) {
    std::ifstream in(JOULEMARK_SOURCE_DIR "/docs/reference/simulated-devices.md");
    const std::string page{std::istreambuf_iterator<char>(in), {}};
    for (const SimulatedOption& option : simulated_options()) {
        EXPECT_THAT(page, HasSubstr(fmt::format("| `{}` | {} |", option.key, option.by_default)));
    }
}

} // namespace
} // namespace joulemark::device
