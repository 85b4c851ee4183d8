#include "core/trace_header.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

namespace joulemark {
namespace {

// Every field filled with something of its own.
TraceHeader full_header() {
    TraceHeader header;
    DeviceInfo& device = header.info.device;
    device = {"nvml:0",
              "nvml",
              "NVIDIA H200",
              "GPU-1",
              "132",
              "0000:07:00.0",
              "96.00",
              "570.1",
              "Hopper",
              "9.0",
              Bytes{1.5e11},
              700_W,
              701_W,
              200_W,
              702_W,
              75_W,
              true,
              false,
              true,
              true,
              Boundary::gpu_board,
              SensorProfile{"field 186", 0.1_s, 0.025_s, 0.02_s, 0.06, Source::estimated},
              SensorProfile{"field 185", 0.1_s, 1_s, std::nullopt, 0.07, Source::assumed},
              CounterProfile{"field 83", 0.1_s, 0.08, Source::measured},
              {"first note", " second\n\\note "}};
    header.info.interval = Nanoseconds{10'000'000};
    header.info.anchor = WallAnchor{instant_at(-5), 1'700'000'000'000'000'001};
    header.info.merged = 4;
    SamplingReport& report = header.report;
    report.samples = 10;
    report.missed_deadlines = 11;
    report.failed_reads = 12;
    report.unchanged_readings = 13;
    report.rejected_times = 14;
    report.times_lost = 15;
    report.latency_p50 = Nanoseconds{16};
    report.latency_p99 = Nanoseconds{17};
    report.lateness_p99 = Nanoseconds{18};
    report.lateness_max = Nanoseconds{19};
    report.cpu_time = 0.1_s;
    report.wall_step = Nanoseconds{-20};
    report.still_lost = true;
    report.gaps = {{{instant_at(1), instant_at(2)}, GapReason::device_lost},
                   {{instant_at(3), instant_at(4)}, GapReason::absent_in_source}};
    report.gap_count = 21;
    report.gap_total = Nanoseconds{22};
    return header;
}

std::vector<std::string> texts_of(const TraceHeader& header) {
    std::vector<std::string> texts;
    for (const HeaderLine& line : header_lines(header.info, header.report)) {
        texts.push_back(line.key + ": " + line.value);
    }
    return texts;
}

TraceHeader read_back(const TraceHeader& header) {
    TraceHeader out;
    for (const HeaderLine& line : header_lines(header.info, header.report)) {
        const auto known = read_header_line(line, out);
        EXPECT_TRUE(known && *known) << line.key << ": " << line.value;
    }
    return out;
}

TEST(TraceHeader, EveryFieldIsWrittenAndReadBack) {
    const TraceHeader header = full_header();
    const TraceHeader back = read_back(header);
    EXPECT_EQ(texts_of(back), texts_of(header));
    EXPECT_EQ(back.report, header.report);
    EXPECT_EQ(back.info.anchor, header.info.anchor);
    EXPECT_EQ(back.info.device.notes, header.info.device.notes);
    EXPECT_EQ(back.info.device.power_limit_max, 702_W);
    EXPECT_EQ(back.info.device.mig_enabled, false);
    EXPECT_EQ(back.info.device.counter->tick, 0.1_s);
    // 20 of the device, 6 + 5 of its sensors, 4 of the counter, 2 notes, 3 of the trace, 15 + 2
    // gaps of the report.
    EXPECT_EQ(texts_of(header).size(), 57U);
}

TEST(TraceHeader, WhatIsUnknownHasNoLineAndStaysUnknown) {
    const TraceHeader back = read_back(TraceHeader{});
    EXPECT_FALSE(back.info.device.uuid);
    EXPECT_FALSE(back.info.device.power_sensor);
    EXPECT_FALSE(back.info.device.persistence_mode);
    EXPECT_FALSE(back.info.anchor);
    EXPECT_FALSE(back.report.cpu_time);
}

TEST(TraceHeader, AKeyOfAnotherVersionIsNotKnownAndHarmless) {
    TraceHeader header;
    EXPECT_EQ(*read_header_line({"flux_capacitor", "1.21"}, header), false);
    EXPECT_EQ(*read_header_line({"power_sensor.colour", "red"}, header), false);
    EXPECT_FALSE(header.info.device.power_sensor);
}

TEST(TraceHeader, AValueThatIsNoneIsRefusedAndChangesNothing) {
    for (const HeaderLine& line : std::vector<HeaderLine>{{"interval_ns", "ten"},
                                                          {"samples", "-1"},
                                                          {"power_limit_w", "inf"},
                                                          {"simulated", "maybe"},
                                                          {"boundary", "moon"},
                                                          {"anchor_ns", "1"},
                                                          {"anchor_ns", "1 2 3"},
                                                          {"gap", "5 4 device_lost"},
                                                          {"gap", "4 5 boredom"},
                                                          {"note", "\\x1"},
                                                          {"power_sensor.delay_s", ""}}) {
        TraceHeader header = full_header();
        const auto known = read_header_line(line, header);
        ASSERT_FALSE(known) << line.key;
        EXPECT_EQ(known.error().kind, Kind::parse);
        EXPECT_EQ(texts_of(header), texts_of(full_header())) << line.key;
    }
}

TEST(TraceHeader, ListsOfAHostileFileStayShort) {
    TraceHeader header;
    for (int i = 0; i < 3000; ++i) {
        (void)read_header_line({"note", "again"}, header);
    }
    EXPECT_LE(header.info.device.notes.size(), 1000U);
}

RC_GTEST_PROP(TraceHeader, AnyTextSurvivesAsOneLine, (const std::string& text)) {
    const std::string line = escape_line(text);
    RC_ASSERT(line.find_first_of("\r\n") == std::string::npos);
    RC_ASSERT(!line.starts_with(' ') && !line.ends_with(' '));
    RC_ASSERT(unescape_line(line) == text);
}

} // namespace
} // namespace joulemark
