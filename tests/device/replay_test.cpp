#include "device/replay_device.hpp"
#include "fakes/sysfs/sysfs_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace joulemark::device {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

// Three rows a second apart from some other time: 100, 200, 300 W; the temperature on the slow
// channel.
Trace log_of_three_rows(Nanoseconds interval = std::chrono::seconds{1}) {
    const Instant begin = instant_at(77'000'000'000);
    TraceInfo info;
    info.device.name = "NVIDIA A100";
    info.interval = interval;
    Columns fast;
    Columns slow;
    for (int i = 0; i < 3; ++i) {
        fast.time.push_back(begin + std::chrono::seconds{i});
        fast.values(Metric::power).push_back(100.0 * (i + 1));
    }
    slow.time.push_back(begin + milliseconds{500});
    slow.values(Metric::temperature).push_back(55.0);
    return *Trace::make(info, fast, slow);
}

class Replay : public testing::Test {
protected:
    [[nodiscard]] std::unique_ptr<Device> play(Trace trace) {
        const Playback from_its_beginning{trace.extent()->begin, clock_.now()};
        return *replay(std::move(trace), "replay:log.csv", from_its_beginning, clock_);
    }
    ManualClock clock_{instant_at(5'000'000'000)};
};

TEST_F(Replay, RowsAreHeldUntilTheNextOneInRealTime) {
    const auto device = play(log_of_three_rows());
    EXPECT_EQ(device->read_fast()->power, 100_W);
    EXPECT_EQ(device->read_fast()->time, clock_.now());
    clock_.advance(milliseconds{999});
    EXPECT_EQ(device->read_fast()->power, 100_W);
    clock_.advance(milliseconds{1});
    EXPECT_EQ(device->read_fast()->power, 200_W);
    clock_.advance(milliseconds{1500});
    EXPECT_EQ(device->read_fast()->power, 300_W);
}

TEST_F(Replay, TheLogEndsOneIntervalAfterItsLastRow) {
    const auto device = play(log_of_three_rows());
    clock_.advance(milliseconds{3000});
    EXPECT_EQ(device->read_fast()->power, 300_W);
    clock_.advance(milliseconds{1});
    const auto fast = device->read_fast();
    ASSERT_FALSE(fast);
    EXPECT_EQ(fast.error().kind, Kind::not_found);
    EXPECT_EQ(fast.error().message, "the log has ended");
    EXPECT_EQ(device->read_slow().error().kind, Kind::not_found);
    EXPECT_EQ(device->reopen().error().kind, Kind::not_found);
}

TEST_F(Replay, WithoutANominalIntervalTheMeanSpacingHoldsTheLastRow) {
    const auto device = play(log_of_three_rows(Nanoseconds{0}));
    clock_.advance(milliseconds{3000});
    EXPECT_TRUE(device->read_fast());
    clock_.advance(milliseconds{1});
    EXPECT_FALSE(device->read_fast());
}

TEST_F(Replay, SlowValuesAppearWhenTheLogHasThem) {
    const auto device = play(log_of_three_rows());
    EXPECT_FALSE(device->read_slow()->temperature);
    clock_.advance(milliseconds{600});
    EXPECT_EQ(device->read_slow()->temperature, Celsius{55.0});
    EXPECT_FALSE(device->read_slow()->utilisation);
}

TEST_F(Replay, AMissingReadingStaysMissing) {
    TraceInfo info;
    info.interval = milliseconds{100};
    Columns fast;
    fast.time = {instant_at(0), instant_at(100'000'000), instant_at(200'000'000)};
    fast.values(Metric::power) = {1.0, missing_reading, 3.0};
    fast.values(Metric::energy_counter) = {10.0, missing_reading, 12.0};
    const auto device = play(*Trace::make(info, fast, {}));
    EXPECT_EQ(device->read_fast()->energy_counter, 10_J);
    clock_.advance(milliseconds{100});
    EXPECT_EQ(device->read_fast().error().kind, Kind::unavailable);
    clock_.advance(milliseconds{100});
    EXPECT_EQ(device->read_fast()->power, 3_W);
}

TEST_F(Replay, AGapOfTheLogIsAGapOfTheReplay) {
    TraceInfo info;
    info.interval = milliseconds{100};
    Columns fast;
    fast.time = {instant_at(0), instant_at(1'000'000'000)};
    fast.values(Metric::power) = {1.0, 2.0};
    SamplingReport report;
    report.add_gap({{instant_at(0), instant_at(1'000'000'000)}, GapReason::absent_in_source});
    const auto device = play(*Trace::make(info, fast, {}, report));
    EXPECT_TRUE(device->read_fast());
    clock_.advance(milliseconds{500});
    EXPECT_EQ(device->read_fast().error().kind, Kind::unavailable);
    clock_.advance(milliseconds{500});
    EXPECT_EQ(device->read_fast()->power, 2_W);
}

TEST_F(Replay, TheDeviceSaysThatItIsALog) {
    const auto device = play(log_of_three_rows());
    EXPECT_EQ(device->info().name, "replay:log.csv");
    EXPECT_EQ(device->info().backend, "replay");
    EXPECT_THAT(device->info().notes.at(0), HasSubstr("NVIDIA A100"));
}

TEST_F(Replay, AnEmptyTraceIsRefused) {
    const auto device = replay(*Trace::make({}, {}, {}), "replay:empty.csv", {}, clock_);
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().context, "replay:empty.csv");
}

TEST_F(Replay, ADeviceThatJoinsTheLogLateIsSilentUntilThen) {
    const Trace trace = log_of_three_rows();
    const Instant earlier = trace.extent()->begin - std::chrono::seconds{2};
    const auto device = *replay(trace, "replay:log.csv", {earlier, clock_.now()}, clock_);
    EXPECT_EQ(device->read_fast().error().kind, Kind::unavailable);
    clock_.advance(std::chrono::seconds{2});
    EXPECT_EQ(device->read_fast()->power, 100_W);
}

TEST_F(Replay, AFileOfTwoGpusIsTwoDevicesOnOneTimeLine) {
    const fakes::SysfsTree folder;
    folder.write("log.csv",
                 "timestamp, index, name, power.draw [W]\n"
                 "2026/11/20 10:00:00.000, 0, NVIDIA A100, 100.00 W\n"
                 "2026/11/20 10:00:00.000, 1, NVIDIA A100, 200.00 W\n"
                 "2026/11/20 10:00:01.000, 0, NVIDIA A100, 110.00 W\n"
                 "2026/11/20 10:00:01.000, 1, NVIDIA A100, 210.00 W\n"
                 "2026/11/20 10:00:02.000, 0, NVIDIA A100, 120.00 W\n"
                 "2026/11/20 10:00:02.000, 1, NVIDIA A100, 220.00 W\n");
    const auto devices = open_replay(folder.path("log.csv"), clock_);
    ASSERT_TRUE(devices) << devices.error().describe();
    ASSERT_EQ(devices->size(), 2U);
    clock_.advance(milliseconds{1500});
    EXPECT_EQ((*devices)[0]->read_fast()->power, 110_W);
    EXPECT_EQ((*devices)[1]->read_fast()->power, 210_W);
    EXPECT_NE((*devices)[0]->info().name, (*devices)[1]->info().name);
}

TEST_F(Replay, AMissingFileIsAnErrorThatNamesIt) {
    const auto devices = open_replay("/nonexistent/power.csv", clock_);
    ASSERT_FALSE(devices);
    EXPECT_THAT(devices.error().describe(), HasSubstr("/nonexistent/power.csv"));
}

} // namespace
} // namespace joulemark::device
