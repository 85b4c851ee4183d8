#include "device/power_log_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace joulemark::device {
namespace {

using test::error_of;
using test::read_log;
using test::values_of;
using test::warned;
using test::watts_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNan;

constexpr std::string_view head = "# joulemark-trace/1\n"
                                  "# device: nvml:0\n"
                                  "# backend: nvml\n"
                                  "# product: NVIDIA H200\n"
                                  "# interval_ns: 10000000\n"
                                  "# power_sensor.field: NVML field 186\n"
                                  "# power_sensor.averaging_window_s: 0.025\n"
                                  "# fast: power_w\n"
                                  "# slow: temperature_c\n";

TEST(JoulemarkLog, TheLinesAboveTheHeaderDescribeTheDevice) {
    const PowerLog log = read_log(
        std::string(head) + "time_s,device,power_w,temperature_c\n5.000000001,nvml:0,100.5,40\n");
    EXPECT_EQ(log.format, LogFormat::joulemark);
    ASSERT_EQ(log.traces.size(), 1U);
    const TraceInfo& info = log.traces[0].info();
    EXPECT_EQ(info.device.name, "nvml:0");
    EXPECT_EQ(info.device.backend, "nvml");
    EXPECT_EQ(info.device.product, "NVIDIA H200");
    EXPECT_EQ(info.interval, std::chrono::milliseconds{10});
    EXPECT_EQ(info.device.power_sensor->averaging_window, Seconds{0.025});
    EXPECT_EQ(log.traces[0].fast().time[0], instant_at(5'000'000'001));
}

TEST(JoulemarkLog, HeaderAndRowsAloneAreEnough) {
    const PowerLog log = read_log("time_s,device,power_w\n0,a,1\n0.1,a,2\n0.2,a,3\n");
    EXPECT_EQ(log.traces[0].info().device.backend, "import");
    EXPECT_EQ(log.traces[0].info().interval, std::chrono::milliseconds{100});
    EXPECT_EQ(log.traces[0].report().samples, 3U);
}

TEST(JoulemarkLog, ARowIsFastOrSlowOrBothByItsValues) {
    const PowerLog log = read_log(
        "time_s,device,power_w,temperature_c\n0.0,a,1,40\n0.1,a,2,\n0.15,a,,41\n0.2,a,,\n");
    EXPECT_THAT(watts_of(log.traces[0]), ElementsAre(1.0, 2.0, IsNan()));
    EXPECT_THAT(values_of(log.traces[0].slow().values(Metric::temperature)),
                ElementsAre(40.0, 41.0));
    EXPECT_EQ(log.traces[0].slow().time[1], instant_at(150'000'000));
}

TEST(JoulemarkLog, MalformedRowsAreKeptOutWithTheirLine) {
    const PowerLog log = read_log("time_s,device,power_w\n0.0,a,1\n0.1,a\nx,a,2\n0.3,a,1 "
                                  "W\n0.4,\"a,3\n0.5,a,nan\n0.6,a,4\n0.7,a,5");
    EXPECT_THAT(watts_of(log.traces[0]), ElementsAre(1.0, 4.0));
    ASSERT_EQ(log.rejected.size(), 6U);
    EXPECT_EQ(log.rejected[0].line, 3U);
    EXPECT_EQ(log.rejected[1].reason, "time_s: \"x\" is not a time in seconds");
    EXPECT_EQ(log.rejected[2].reason, "power_w: \"1 W\" is not a number");
    EXPECT_THAT(log.rejected[5].reason, HasSubstr("cut off"));
    EXPECT_EQ(log.rows, 2U + log.rejected_count);
}

TEST(JoulemarkLog, TimesAreExactToTheNanosecondOrRefused) {
    const PowerLog log = read_log("time_s,device,power_w\n-0.000000001,a,1\n0,a,1\n0.123456789,a,"
                                  "1\n9223372036.854775807,a,1\n"
                                  "9223372036.854775808,a,1\n0.1234567891,a,1\n1e3,a,1\n,a,1\n--1,"
                                  "a,1\n1.-1,a,1\n99999999999999999999,a,1\n");
    const auto& time = log.traces[0].fast().time;
    ASSERT_EQ(time.size(), 4U);
    EXPECT_EQ(time[0], instant_at(-1));
    EXPECT_EQ(time[2], instant_at(123'456'789));
    EXPECT_EQ(time[3], Instant::max());
    EXPECT_EQ(log.rejected_count, 7U);
}

TEST(JoulemarkLog, TimesThatRepeatOrGoBackAreKeptOutPerDevice) {
    const PowerLog log =
        read_log("time_s,device,power_w\n1,a,1\n1,b,1\n1,a,9\n0.5,b,9\n2,a,1\n2,b,1\n");
    ASSERT_EQ(log.traces.size(), 2U);
    EXPECT_EQ(log.traces[0].fast().size(), 2U);
    EXPECT_EQ(log.traces[0].report().rejected_times, 1U);
    EXPECT_TRUE(warned(log, WarningCode::time_backwards));
}

TEST(JoulemarkLog, AnotherVersionIsRefused) {
    const Error error = error_of("# joulemark-trace/2\ntime_s,device,power_w\n0,a,1\n");
    EXPECT_EQ(error.kind, Kind::unsupported);
    EXPECT_THAT(error.message, HasSubstr("version 2"));
}

TEST(JoulemarkLog, ABrokenDescriptionIsReportedAndTheRestKept) {
    const PowerLog log =
        read_log("# joulemark-trace/1\n# device: a\n# power_limit_w: lots\n# of_the_future: "
                 "1\ntime_s,device,power_w,of_the_future_w\n0,a,1,2\n");
    ASSERT_EQ(log.rejected.size(), 1U);
    EXPECT_EQ(log.rejected[0].line, 3U);
    EXPECT_FALSE(log.traces[0].info().device.power_limit);
    EXPECT_THAT(watts_of(log.traces[0]), ElementsAre(1.0));
}

TEST(JoulemarkLog, AFileWithoutMetricsOrRowsIsRefused) {
    EXPECT_EQ(error_of("time_s,device,nothing\n0,a,1\n").kind, Kind::parse);
    EXPECT_THAT(error_of("time_s,device,power_w\n").message, HasSubstr("no rows"));
    EXPECT_EQ(error_of("# joulemark-trace/1\nhello\n").kind, Kind::parse);
    EXPECT_EQ(error_of("# joulemark-trace/1\n").kind, Kind::parse);
}

TEST(JoulemarkLog, NamesMayHoldCommasQuotesAndLineBreaks) {
    const PowerLog log =
        read_log("# joulemark-trace/1\n# device: a, \"b\"\\x0ac\ntime_s,device,power_w\n0,\"a, "
                 "\"\"b\"\"\\x0ac\",1\n");
    ASSERT_EQ(log.traces.size(), 1U);
    EXPECT_EQ(log.traces[0].info().device.name, "a, \"b\"\nc");
}

TEST(JoulemarkLog, TheReportOfTheRecordingIsThatOfItsHeader) {
    const PowerLog log = read_log(
        std::string(head) +
        "# samples: 77\n# missed_deadlines: 3\n# gap: 0 1000000 device_lost\n# gap_count: 1\n"
        "time_s,device,power_w,temperature_c\n0,nvml:0,1,\n9,nvml:0,1,\n");
    const SamplingReport& report = log.traces[0].report();
    EXPECT_EQ(report.samples, 77U);
    EXPECT_EQ(report.missed_deadlines, 3U);
    ASSERT_EQ(report.gaps.size(), 1U);
    EXPECT_EQ(report.gaps[0].reason, GapReason::device_lost);
}

} // namespace
} // namespace joulemark::device
