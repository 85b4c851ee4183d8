#include "device/power_log_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace joulemark::device {
namespace {

using test::error_of;
using test::milliseconds_of;
using test::read_log;
using test::smi_header;
using test::smi_log;
using test::smi_row;
using test::smi_time;
using test::values_of;
using test::warned;
using test::watts_of;
using testing::DoubleEq;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Ten rows at 100 ms, so that nobody asks how many GPUs there are.
std::string log_with(std::string_view header, const std::function<std::string(std::size_t)>& row) {
    std::string text = std::string(header) + "\n";
    for (std::size_t i = 0; i < 10; ++i) {
        text += row(i) + "\n";
    }
    return text;
}

TEST(NvidiaSmiLog, RowsBecomeOneTraceThatBeginsAtZero) {
    const PowerLog log = read_log(smi_log(10));
    EXPECT_EQ(log.format, LogFormat::nvidia_smi);
    EXPECT_EQ(log.rows, 10U);
    EXPECT_EQ(log.rejected_count, 0U);
    EXPECT_THAT(log.warnings, IsEmpty());
    ASSERT_EQ(log.traces.size(), 1U);
    const Trace& trace = log.traces[0];
    EXPECT_EQ(milliseconds_of(trace),
              (std::vector<std::int64_t>{0, 100, 200, 300, 400, 500, 600, 700, 800, 900}));
    EXPECT_EQ(watts_of(trace)[1], 101.0);
    EXPECT_EQ(trace.info().interval, std::chrono::milliseconds{100});
    EXPECT_EQ(trace.info().device.name, "gpu0");
    EXPECT_EQ(trace.info().device.backend, "import");
    EXPECT_EQ(trace.report().samples, 10U);
    EXPECT_EQ(values_of(trace.slow().values(Metric::utilisation)), std::vector<double>(10, 0.5));
}

TEST(NvidiaSmiLog, ColumnsAreKnownByNameInAnyOrderWithAnySpelling) {
    const PowerLog log = read_log(
        log_with("clocks.mem [MHz], memory.used [MiB], temperature.memory, POWER.DRAW [W], "
                 "fan.speed [%], clocks.current.sm [MHz], "
                 "temperature.gpu, utilization.memory [%], enforced.power.limit [W], timestamp",
                 [](std::size_t i) {
                     return fmt::format(
                         "1593 MHz, 3 MiB, 44, 100.5 W, [N/A], 1410 MHz, 35, 7 %, 400.00 W, {}",
                         smi_time(i * 100));
                 }));
    ASSERT_EQ(log.traces.size(), 1U);
    const Columns& slow = log.traces[0].slow();
    EXPECT_EQ(watts_of(log.traces[0])[0], 100.5);
    EXPECT_EQ(slow.values(Metric::memory_clock)[0], 1.593e9);
    EXPECT_EQ(slow.values(Metric::sm_clock)[0], 1.41e9);
    EXPECT_EQ(slow.values(Metric::memory_used)[0], 3.0 * 1048576);
    EXPECT_EQ(slow.values(Metric::memory_temperature)[0], 44.0);
    EXPECT_EQ(slow.values(Metric::temperature)[0], 35.0);
    EXPECT_EQ(slow.values(Metric::memory_utilisation)[0], 0.07);
    EXPECT_EQ(slow.values(Metric::power_limit)[0], 400.0);
    EXPECT_FALSE(slow.has(Metric::utilisation));
    EXPECT_EQ(log.traces[0].info().device.power_limit, 400_W);
}

TEST(NvidiaSmiLog, UnitsMayBeLeftOutOfTheCells) {
    const auto with = read_log(smi_log(10));
    const auto without =
        read_log(log_with("timestamp, power.draw [W], utilization.gpu [%]", [](std::size_t i) {
            return fmt::format(
                "{}, {:.2f}, 50", smi_time(1000 + i * 100), 100.0 + static_cast<double>(i % 7));
        }));
    EXPECT_EQ(watts_of(with.traces[0]), watts_of(without.traces[0]));
    EXPECT_EQ(with.traces[0].slow().time, without.traces[0].slow().time);
}

TEST(NvidiaSmiLog, LineBreaksOfAnySystemAndAMissingLastOneAreFine) {
    const std::string unix_text = smi_log(10);
    std::string windows_text;
    std::string mac_text;
    for (const char c : unix_text) {
        windows_text += c == '\n' ? std::string("\r\n") : std::string(1, c);
        mac_text += c == '\n' ? '\r' : c;
    }
    const auto expected = watts_of(read_log(unix_text).traces[0]);
    EXPECT_EQ(watts_of(read_log(windows_text).traces[0]), expected);
    EXPECT_EQ(watts_of(read_log(mac_text).traces[0]), expected);
    EXPECT_EQ(watts_of(read_log("\xEF\xBB\xBF" + unix_text).traces[0]), expected);
    EXPECT_EQ(watts_of(read_log(unix_text.substr(0, unix_text.size() - 1)).traces[0]), expected);
}

TEST(NvidiaSmiLog, WhatTheToolDidNotKnowIsMissingAndNeverZero) {
    const PowerLog log = read_log(std::string(smi_header) + smi_row(0, 100) + smi_time(100) +
                                  ", [N/A], [Not Supported]\n" + smi_row(200, 102) + smi_time(300) +
                                  ", [Unknown Error], N/A\n" + smi_row(400, 104));
    EXPECT_EQ(log.rejected_count, 0U);
    const auto watts = watts_of(log.traces[0]);
    EXPECT_THAT(watts, ElementsAre(100.0, testing::IsNan(), 102.0, testing::IsNan(), 104.0));
    EXPECT_TRUE(std::isnan(log.traces[0].slow().values(Metric::utilisation)[1]));
    EXPECT_EQ(log.traces[0].report().failed_reads, 2U);
}

TEST(NvidiaSmiLog, AMetricThatIsNeverThereIsNoColumn) {
    const PowerLog log =
        read_log(log_with("timestamp, power.draw [W], temperature.memory",
                          [](std::size_t i) { return smi_time(i * 100) + ", [N/A], N/A"; }));
    EXPECT_FALSE(log.traces[0].fast().has(Metric::power));
    EXPECT_TRUE(log.traces[0].slow().empty());
}

TEST(NvidiaSmiLog, AMalformedRowIsKeptOutAndReportedWithItsLine) {
    const PowerLog log = read_log(std::string(smi_header) + smi_row(0, 100) + "garbage\n" +
                                  smi_row(200, 102) + smi_time(300) + ", 1o3.00 W, 50 %\n" +
                                  smi_row(400, 104) + smi_time(500) + ", 105.00 W, 50 %, 1\n" +
                                  "2024/04/03 25:00:00.000, 106.00 W, 50 %\n" + smi_row(700, 107));
    EXPECT_EQ(milliseconds_of(log.traces[0]), (std::vector<std::int64_t>{0, 200, 400, 700}));
    EXPECT_EQ(log.rows, 8U);
    EXPECT_EQ(log.rejected_count, 4U);
    ASSERT_EQ(log.rejected.size(), 4U);
    EXPECT_EQ(log.rejected[0].line, 3U);
    EXPECT_THAT(log.rejected[0].reason, HasSubstr("fewer columns"));
    EXPECT_EQ(log.rejected[1].line, 5U);
    EXPECT_EQ(log.rejected[1].reason, "power.draw: \"1o3.00 W\" is not a number");
    EXPECT_EQ(log.rejected[2].line, 7U);
    EXPECT_THAT(log.rejected[2].reason, HasSubstr("more columns"));
    EXPECT_EQ(log.rejected[3].line, 8U);
    EXPECT_THAT(log.rejected[3].reason, HasSubstr("is not a time"));
    ASSERT_TRUE(warned(log, WarningCode::malformed_rows));
    EXPECT_THAT(log.warnings[0].message, HasSubstr("4 rows"));
    EXPECT_THAT(log.warnings[0].message, HasSubstr("line 3"));
}

TEST(NvidiaSmiLog, ALastRowThatIsCutOffAnywhereIsKeptOut) {
    const std::string whole = smi_log(10);
    const std::size_t last = smi_row(0, 100).size();
    // All of the last row but its line break is the row itself; nothing of it is no row at all.
    for (std::size_t cut = 2; cut < last; ++cut) {
        const PowerLog log = read_log(whole.substr(0, whole.size() - cut));
        EXPECT_EQ(log.traces[0].fast().size(), 9U) << "cut by " << cut;
        ASSERT_EQ(log.rejected.size(), 1U) << "cut by " << cut;
        EXPECT_EQ(log.rejected[0].line, 11U);
    }
}

TEST(NvidiaSmiLog, ALastRowWithoutUnitsIsKeptOnlyWhenItsLastNumberIsWhole) {
    const std::string whole = log_with("timestamp, power.draw [W]", [](std::size_t i) {
        return fmt::format("{}, {:.2f}", smi_time(i * 100), 100.0 + static_cast<double>(i));
    });
    const auto rows_when_cut_by = [&](std::size_t cut) {
        return read_log(whole.substr(0, whole.size() - cut)).traces[0].fast().size();
    };
    EXPECT_EQ(rows_when_cut_by(1), 10U);
    for (std::size_t cut = 2; cut <= 7; ++cut) {
        EXPECT_EQ(rows_when_cut_by(cut), 9U) << cut;
    }
}

TEST(NvidiaSmiLog, ALastRowThatEndsInItsTimeIsKeptOnlyWhenTheTimeIsWhole) {
    const std::string whole = log_with("power.draw [W], timestamp", [](std::size_t i) {
        return fmt::format("{:.2f} W, {}", 100.0 + static_cast<double>(i), smi_time(i * 100 + 1));
    });
    EXPECT_EQ(read_log(whole.substr(0, whole.size() - 1)).rejected_count, 0U);
    EXPECT_EQ(read_log(whole.substr(0, whole.size() - 2)).rejected_count, 1U);
}

TEST(NvidiaSmiLog, OnlyTheFirstHundredRefusedRowsAreListedButAllAreCounted) {
    std::string text = smi_log(10);
    for (int i = 0; i < 250; ++i) {
        text += "broken\n";
    }
    const PowerLog log = read_log(text);
    EXPECT_EQ(log.rejected_count, 250U);
    EXPECT_EQ(log.rejected.size(), PowerLog::max_rejected);
    EXPECT_EQ(log.rows, 260U);
}

TEST(NvidiaSmiLog, TerminalSequencesInTheFileAreOnlyEverShownAsText) {
    const PowerLog log = read_log(smi_log(10) + "\x1b[2J\x1b]0;owned\x07, 1 W, 2 %\n");
    ASSERT_EQ(log.rejected.size(), 1U);
    EXPECT_THAT(log.rejected[0].reason, HasSubstr("\\x1b[2J"));
    for (const RejectedRow& row : log.rejected) {
        EXPECT_EQ(row.reason.find('\x1b'), std::string::npos);
    }
    EXPECT_EQ(log.warnings[0].message.find('\x1b'), std::string::npos);
    EXPECT_EQ(error_of("\x1b[31mred").describe().find('\x1b'), std::string::npos);
}

TEST(NvidiaSmiLog, ALineOfMegabytesIsOneRefusedRow) {
    const PowerLog log =
        read_log(smi_log(10) + std::string(2 << 20, 'x') + "\n" + smi_row(5000, 100));
    EXPECT_EQ(log.rejected_count, 1U);
    EXPECT_THAT(log.rejected[0].reason, HasSubstr("1 MiB"));
    EXPECT_LT(log.rejected[0].reason.size(), 200U);
    EXPECT_EQ(log.traces[0].fast().size(), 11U);
}

TEST(NvidiaSmiLog, EveryRowIsKeptOrRefused) {
    const PowerLog log = read_log(smi_log(20) + "broken\n" + smi_row(500, 1) + smi_row(500, 1) +
                                  "\n\n" + smi_row(9000, 1));
    EXPECT_EQ(log.rows, log.traces[0].fast().size() + log.rejected_count);
}

TEST(NvidiaSmiLog, AHeaderThatComesAgainIsNoRow) {
    const PowerLog log = read_log(smi_log(10) + std::string(smi_header) + smi_row(60'000, 100));
    EXPECT_EQ(log.rejected_count, 0U);
    EXPECT_EQ(log.traces[0].fast().size(), 11U);
}

TEST(NvidiaSmiLog, RowsBelowAnotherHeaderAreKeptOut) {
    const PowerLog log = read_log(smi_log(10) + "timestamp, utilization.gpu [%], power.draw [W]\n" +
                                  smi_time(60'000) + ", 50 %, 100.00 W\n");
    EXPECT_EQ(log.rejected_count, 1U);
    EXPECT_THAT(log.rejected[0].reason, HasSubstr("another header"));
}

TEST(NvidiaSmiLog, AFileWithoutPowerOrTimeIsRefusedWithTheQueryToUse) {
    const Error no_power = error_of("timestamp, utilization.gpu [%], temperature.gpu\n" +
                                    smi_time(0) + ", 50 %, 40\n");
    EXPECT_EQ(no_power.kind, Kind::parse);
    EXPECT_THAT(no_power.message, HasSubstr("no column holds a power"));
    EXPECT_THAT(no_power.message, HasSubstr("--query-gpu=timestamp"));
    EXPECT_THAT(error_of("index, power.draw [W]\n0, 30.81 W\n").message, HasSubstr("no times"));
}

TEST(NvidiaSmiLog, WithoutHeaderTimeAndTheOnlyWattsAreEnough) {
    std::string text = smi_log(10);
    text.erase(0, smi_header.size());
    const PowerLog log = read_log(text);
    EXPECT_EQ(log.rows, 10U);
    EXPECT_EQ(watts_of(log.traces[0]), watts_of(read_log(smi_log(10)).traces[0]));
    EXPECT_FALSE(log.traces[0].slow().has(Metric::utilisation));
    EXPECT_THAT(log.traces[0].info().device.notes,
                testing::Contains(HasSubstr("1 columns of the log were left out")));
}

TEST(NvidiaSmiLog, WithoutHeaderTheGpuIsKnownByUuidBusIdAndName) {
    std::string text;
    for (std::size_t i = 0; i < 10; ++i) {
        text += fmt::format("GPU-11111111-2222-3333-4444-55555555555{}, {}, NVIDIA H200, {} W\n",
                            i % 2,
                            smi_time(i / 2 * 100 + i),
                            100 + i % 2);
    }
    const PowerLog log = read_log(text);
    ASSERT_EQ(log.traces.size(), 2U);
    EXPECT_EQ(log.traces[1].info().device.uuid, "GPU-11111111-2222-3333-4444-555555555551");
    EXPECT_EQ(log.traces[1].info().device.product, "NVIDIA H200");
    EXPECT_EQ(watts_of(log.traces[1]), std::vector<double>(5, 101.0));
}

TEST(NvidiaSmiLog, WithoutHeaderAmbiguousColumnsAreRefusedWithTheHeaderToAdd) {
    for (const std::string& row :
         {smi_time(0) + ", 30.81, 0, 0\n", smi_time(0) + ", 30.81 W, 400.00 W\n"}) {
        const Error error = error_of(row);
        EXPECT_EQ(error.kind, Kind::parse);
        EXPECT_THAT(error.message, HasSubstr("timestamp, power.draw [W], utilization.gpu [%]"));
    }
}

TEST(NvidiaSmiLog, TimesMayBeIso8601OrSecondsSince1970) {
    const auto begin_of = [](const std::function<std::string(std::size_t)>& time) {
        const PowerLog log = read_log(log_with("timestamp, power.draw [W]",
                                               [&](std::size_t i) { return time(i) + ", 100 W"; }));
        EXPECT_EQ(milliseconds_of(log.traces[0])[9], 900);
        return log.traces[0].info().anchor;
    };
    const std::int64_t expected = 1'712'144'161'000'000'000;
    const auto iso =
        begin_of([](std::size_t i) { return fmt::format("2024-04-03T13:36:01.{}00+02:00", i); });
    const auto epoch = begin_of([](std::size_t i) { return fmt::format("1712144161.{}", i); });
    ASSERT_TRUE(iso && epoch);
    EXPECT_EQ(iso->unix_ns_at(instant_at(0)), expected);
    EXPECT_EQ(epoch->unix_ns_at(instant_at(0)), expected);
}

TEST(NvidiaSmiLog, ALocalTimeHasNoPlaceInTheWorldUntilItsOffsetIsTold) {
    const PowerLog unknown = read_log(smi_log(10));
    EXPECT_FALSE(unknown.traces[0].info().anchor);
    EXPECT_THAT(unknown.traces[0].info().device.notes,
                testing::Contains(HasSubstr("2024-04-03T00:00:01.000")));
    PowerLogOptions options;
    options.utc_offset = std::chrono::hours{2};
    const PowerLog known = read_log(smi_log(10), options);
    // 2024-04-03 00:00:01 in a zone two hours east of UTC.
    EXPECT_EQ(known.traces[0].info().anchor->unix_ns, (19816LL * 86400 + 1 - 7200) * 1'000'000'000);
}

TEST(NvidiaSmiLog, TheInstantaneousPowerIsTakenBeforeTheOthersAndTheAverageKeptBesideIt) {
    const PowerLog log = read_log(log_with(
        "timestamp, name, power.draw.average [W], power.draw [W], power.draw.instant [W]",
        [](std::size_t i) {
            return smi_time(i * 100) + ", NVIDIA H100 80GB HBM3, 300.00 W, 301.00 W, 302.00 W";
        }));
    const Trace& trace = log.traces[0];
    EXPECT_EQ(watts_of(trace)[0], 302.0);
    EXPECT_EQ(trace.fast().values(Metric::average_power)[0], 300.0);
    EXPECT_THAT(trace.info().device.power_sensor->field, HasSubstr("power.draw.instant"));
    EXPECT_EQ(trace.info().device.power_sensor->averaging_window, Seconds{0.025});
}

TEST(NvidiaSmiLog, TheSensorIsThatOfTheFieldOnTheNamedArchitecture) {
    const auto window_of = [](std::string_view product) {
        const PowerLog log =
            read_log(log_with("timestamp, name, power.draw [W]", [&](std::size_t i) {
                return fmt::format("{}, {}, 300.00 W", smi_time(i * 100), product);
            }));
        EXPECT_EQ(log.traces[0].info().device.product, product);
        return log.traces[0].info().device.power_sensor->averaging_window;
    };
    EXPECT_EQ(window_of("NVIDIA H100 80GB HBM3"), Seconds{1.0});
    EXPECT_EQ(window_of("NVIDIA GeForce RTX 4090"), Seconds{1.0});
    EXPECT_EQ(window_of("NVIDIA A100-SXM4-80GB"), Seconds{0.025});
    EXPECT_EQ(window_of("Tesla V100-SXM2-16GB"), Seconds{0.010});
}

TEST(NvidiaSmiLog, TheSensorOfAnUnnamedGpuIsUnknownUnlessTheUserSaysWhatItIs) {
    const PowerLog unnamed = read_log(smi_log(10));
    const auto& sensor = unnamed.traces[0].info().device.power_sensor;
    ASSERT_TRUE(sensor);
    EXPECT_FALSE(sensor->averaging_window);
    EXPECT_FALSE(sensor->update_period);
    EXPECT_EQ(sensor->origin, Source::assumed);
    PowerLogOptions options;
    options.gpu_model = "A100";
    const PowerLog hinted = read_log(smi_log(10), options);
    EXPECT_EQ(hinted.traces[0].info().device.power_sensor->averaging_window, Seconds{0.025});
    EXPECT_EQ(hinted.traces[0].info().device.architecture, "Ampere (GA100)");
}

TEST(NvidiaSmiLog, WhatTheFileSaysOfTheGpuIsKept) {
    const PowerLog log =
        read_log(log_with("timestamp, power.draw [W], serial, driver_version, vbios_version, "
                          "compute_cap, power.max_limit [W], pci.bus_id, index",
                          [](std::size_t i) {
                              return smi_time(i * 100) +
                                     ", 100 W, 1320122012345, 535.104.05, 92.00.45.00.06, 8.0, "
                                     "500.00 W, 00000000:07:00.0, 3";
                          }));
    const DeviceInfo& device = log.traces[0].info().device;
    EXPECT_EQ(device.name, "gpu3");
    EXPECT_EQ(device.serial, "1320122012345");
    EXPECT_EQ(device.driver, "535.104.05");
    EXPECT_EQ(device.vbios, "92.00.45.00.06");
    EXPECT_EQ(device.compute_capability, "8.0");
    EXPECT_EQ(device.power_limit_max, 500_W);
    EXPECT_EQ(device.pci_bus_id, "00000000:07:00.0");
    EXPECT_EQ(device.boundary, Boundary::gpu_board);
}

TEST(NvidiaSmiLog, TimesThatRepeatOrGoBackAreKeptOutAndCounted) {
    const PowerLog log =
        read_log(std::string(smi_header) + smi_row(0, 100) + smi_row(100, 101) + smi_row(100, 999) +
                 smi_row(50, 999) + smi_row(200, 102) + smi_row(300, 103));
    EXPECT_EQ(watts_of(log.traces[0]), (std::vector<double>{100, 101, 102, 103}));
    EXPECT_EQ(log.traces[0].report().rejected_times, 2U);
    EXPECT_EQ(log.rejected_count, 2U);
    EXPECT_EQ(log.rejected[0].line, 4U);
    EXPECT_TRUE(warned(log, WarningCode::time_backwards));
    EXPECT_FALSE(warned(log, WarningCode::malformed_rows));
    EXPECT_FALSE(warned(log, WarningCode::wall_clock_step));
}

TEST(NvidiaSmiLog, AClockThatIsSetBackIsSaidAndItsRowsAreKeptOutUntilItCaughtUp) {
    std::string text(smi_header);
    for (std::size_t i = 0; i < 100; ++i) {
        text += smi_row(7'200'000 + i * 100, 100);
    }
    for (std::size_t i = 0; i < 100; ++i) {
        text += smi_row(7'200'000 + 10'000 - 3000 + i * 100, 200);
    }
    const PowerLog log = read_log(text);
    EXPECT_EQ(log.traces[0].fast().size(), 170U);
    EXPECT_EQ(log.rejected_count, 30U);
    ASSERT_TRUE(warned(log, WarningCode::wall_clock_step));
    EXPECT_THAT(log.warnings.back().message, HasSubstr("2.900 s at line 102"));
    EXPECT_EQ(log.traces[0].report().wall_step, std::chrono::milliseconds{2900});
}

TEST(NvidiaSmiLog, TheHourThatSummerTimeTakesIsRecognised) {
    std::string text(smi_header);
    for (std::size_t i = 0; i < 20; ++i) {
        text += smi_row(7'198'000 + i * 100 + (i < 10 ? 0 : 3'600'000), 100);
    }
    const PowerLog log = read_log(text);
    ASSERT_TRUE(warned(log, WarningCode::wall_clock_step));
    EXPECT_THAT(log.warnings[0].message, HasSubstr("line 12, as at the beginning of summer time"));
    EXPECT_EQ(log.traces[0].report().gap_count, 1U);
}

TEST(NvidiaSmiLog, OneStrayTimeAheadDoesNotTakeTheRowsAfterItAlong) {
    const PowerLog log =
        read_log(smi_log(10) + smi_row(80'000'000, 999) + smi_row(2000, 100) + smi_row(2100, 101));
    EXPECT_EQ(log.rejected_count, 1U);
    EXPECT_EQ(log.rejected[0].line, 12U);
    EXPECT_EQ(log.traces[0].fast().size(), 12U);
}

TEST(NvidiaSmiLog, TimesThatStartOverAreRefusedAsSeveralRecordings) {
    std::string again = smi_log(50);
    again.erase(0, smi_header.size());
    const Error error = error_of(smi_log(50) + again);
    EXPECT_EQ(error.kind, Kind::parse);
    EXPECT_THAT(error.message, HasSubstr("line 52: the times of gpu0 start over"));
}

TEST(NvidiaSmiLog, StretchesWithoutRowsAreGapsThatTheSourceHas) {
    std::string text = smi_log(20);
    for (std::size_t i = 0; i < 20; ++i) {
        text += smi_row(1000 + 1900 + 2000 + i * 100, 100);
    }
    const SamplingReport report = read_log(text).traces[0].report();
    ASSERT_EQ(report.gap_count, 1U);
    EXPECT_EQ(report.gaps[0].reason, GapReason::absent_in_source);
    EXPECT_EQ(report.gaps[0].window,
              (Window{instant_at(1'900'000'000), instant_at(3'900'000'000)}));
    EXPECT_EQ(report.gap_total, std::chrono::seconds{2});
}

TEST(NvidiaSmiLog, ALateRowIsNoGap) {
    // Four spacings of 100 ms are less than half a second.
    EXPECT_EQ(read_log(smi_log(20) + smi_row(1000 + 1900 + 400, 100)).traces[0].report().gap_count,
              0U);
}

TEST(NvidiaSmiLog, UnchangedReadingsAreCounted) {
    std::string text(smi_header);
    for (std::size_t i = 0; i < 12; ++i) {
        text += smi_row(i * 100, 100 + static_cast<double>(i / 3));
    }
    EXPECT_EQ(read_log(text).traces[0].report().unchanged_readings, 8U);
}

} // namespace
} // namespace joulemark::device
