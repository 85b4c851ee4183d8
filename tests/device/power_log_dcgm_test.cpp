#include "device/power_log_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace joulemark::device {
namespace {

using test::error_of;
using test::milliseconds_of;
using test::read_log;
using test::values_of;
using test::warned;
using test::watts_of;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNan;

constexpr std::string_view header =
    "#Entity         POWER             TOTEC                   GPUTL             \n"
    "ID              W                 mJ                                        \n";

// Cells padded as dmon pads them.
std::string row(std::string_view entity,
                std::string_view power,
                std::string_view energy,
                std::string_view utilisation) {
    return fmt::format("{:<16}{:<18}{:<24}{:<18}\n", entity, power, energy, utilisation);
}

PowerLogOptions every(std::int64_t ms) {
    PowerLogOptions options;
    options.interval = std::chrono::milliseconds{ms};
    return options;
}

TEST(DcgmLog, RowsOfOneGpuAreAsFarApartAsTheDelayGiven) {
    const PowerLog log = read_log(std::string(header) + row("GPU 0", "61.500", "1000", "10") +
                                      row("GPU 0", "62.500", "7150", "20"),
                                  every(100));
    EXPECT_EQ(log.format, LogFormat::dcgm_dmon);
    EXPECT_EQ(log.rows, 2U);
    ASSERT_EQ(log.traces.size(), 1U);
    const Trace& trace = log.traces[0];
    EXPECT_EQ(milliseconds_of(trace), (std::vector<std::int64_t>{0, 100}));
    EXPECT_THAT(watts_of(trace), ElementsAre(61.5, 62.5));
    EXPECT_THAT(values_of(trace.fast().values(Metric::energy_counter)), ElementsAre(1.0, 7.15));
    EXPECT_THAT(values_of(trace.slow().values(Metric::utilisation)), ElementsAre(0.1, 0.2));
    EXPECT_EQ(trace.info().device.name, "gpu0");
    EXPECT_EQ(trace.info().device.power_sensor->field, "DCGM field 155 (POWER)");
    EXPECT_EQ(trace.info().device.counter->field, "DCGM field 156 (TOTEC)");
    EXPECT_FALSE(trace.info().anchor);
    EXPECT_THAT(trace.info().device.notes, Contains(HasSubstr("delay of 0.100 s")));
}

TEST(DcgmLog, WithoutDelayTheFileIsRefusedBecauseItHasNoTimes) {
    const Error error = error_of(std::string(header) + row("GPU 0", "61.500", "1000", "10"));
    EXPECT_EQ(error.kind, Kind::invalid_argument);
    EXPECT_THAT(error.message, HasSubstr("--interval"));
    EXPECT_EQ(error_of(header, every(0)).kind, Kind::invalid_argument);
}

TEST(DcgmLog, HeadersThatComeAgainAndTheLastWordOfDmonAreNoRows) {
    const PowerLog log = read_log(std::string(header) + row("GPU 0", "1.000", "1", "1") +
                                      std::string(header) + row("GPU 0", "2.000", "2", "2") +
                                      "\n\ndmon was stopped due to receiving a signal\n",
                                  every(100));
    EXPECT_EQ(log.rows, 2U);
    EXPECT_EQ(log.rejected_count, 0U);
}

TEST(DcgmLog, EveryGpuHasItsTraceAndARoundIsOneMoment) {
    std::string text(header);
    for (int round = 0; round < 3; ++round) {
        for (int gpu = 0; gpu < 2; ++gpu) {
            text += row(
                fmt::format("GPU {}", gpu), fmt::format("{}.000", 100 * gpu + round), "N/A", "5");
        }
    }
    const PowerLog log = read_log(text, every(1000));
    ASSERT_EQ(log.traces.size(), 2U);
    EXPECT_THAT(watts_of(log.traces[1]), ElementsAre(100.0, 101.0, 102.0));
    EXPECT_EQ(milliseconds_of(log.traces[0]), milliseconds_of(log.traces[1]));
    EXPECT_FALSE(log.traces[0].fast().has(Metric::energy_counter));
}

TEST(DcgmLog, ARefusedRowStillTakesItsPlaceInTime) {
    const PowerLog log =
        read_log(std::string(header) + row("GPU 0", "1.000", "1", "1") +
                     row("GPU 0", "x.000", "2", "2") + row("GPU 0", "3.000", "3", "3"),
                 every(100));
    EXPECT_EQ(milliseconds_of(log.traces[0]), (std::vector<std::int64_t>{0, 200}));
    ASSERT_EQ(log.rejected.size(), 1U);
    EXPECT_EQ(log.rejected[0].line, 4U);
    EXPECT_THAT(log.rejected[0].reason, HasSubstr("\"x.000\" is not a number"));
}

TEST(DcgmLog, NotAvailableAndBlankCellsAreMissing) {
    const PowerLog log =
        read_log(std::string(header) + row("GPU 0", "1.000", "1", "1") +
                     row("GPU 0", "N/A", "2", "2") + row("GPU 0", "3.000", "", "3"),
                 every(100));
    EXPECT_EQ(log.rejected_count, 0U);
    EXPECT_THAT(watts_of(log.traces[0]), ElementsAre(1.0, IsNan(), 3.0));
    EXPECT_THAT(values_of(log.traces[0].fast().values(Metric::energy_counter)),
                ElementsAre(0.001, 0.002, IsNan()));
    EXPECT_EQ(values_of(log.traces[0].slow().values(Metric::utilisation))[2], 0.03);
}

TEST(DcgmLog, ARowThatIsCutOffIsKeptOut) {
    const std::string whole =
        std::string(header) + row("GPU 0", "1.000", "1", "1") + row("GPU 0", "2.000", "2", "2");
    // The last cell begins 20 characters before the end of the file.
    for (std::size_t cut = 20; cut < 70; ++cut) {
        const PowerLog log = read_log(whole.substr(0, whole.size() - cut), every(100));
        EXPECT_EQ(log.traces[0].fast().size(), 1U) << cut;
    }
}

TEST(DcgmLog, HeadersOfOldAndNewVersionsAndAnyFieldsAreKnown) {
    const PowerLog log = read_log(
        "# Entity  MCUTL  TMPTR  MMTMP  FBUSD  SMCLK  MMCLK  EPLMT  POWINST  SMACT  POWER\n"
        "      Id\n"
        "    GPU 1  7  40  50  3  1410  1593  400.000  99.000  0.250  98.000\n",
        every(100));
    ASSERT_EQ(log.traces.size(), 1U);
    const Columns& slow = log.traces[0].slow();
    EXPECT_EQ(watts_of(log.traces[0])[0], 99.0);
    EXPECT_EQ(log.traces[0].info().device.power_sensor->field, "DCGM field 157 (POWINST)");
    EXPECT_EQ(slow.values(Metric::memory_utilisation)[0], 0.07);
    EXPECT_EQ(slow.values(Metric::temperature)[0], 40.0);
    EXPECT_EQ(slow.values(Metric::memory_temperature)[0], 50.0);
    EXPECT_EQ(slow.values(Metric::memory_used)[0], 3.0 * 1048576);
    EXPECT_EQ(slow.values(Metric::sm_clock)[0], 1.41e9);
    EXPECT_EQ(slow.values(Metric::memory_clock)[0], 1.593e9);
    EXPECT_EQ(slow.values(Metric::power_limit)[0], 400.0);
}

TEST(DcgmLog, TimesPutInFrontOfEachLineAreUsed) {
    std::string text = "2026-11-20T18:07:00.000000 #Entity         POWER             "
                       "\n2026-11-20T18:07:00.000100 ID              W\n";
    for (int i = 0; i < 5; ++i) {
        text += fmt::format("2026-11-20T18:07:0{}.25 GPU 0           10{}.000           \n", i, i);
    }
    const PowerLog log = read_log(text);
    EXPECT_EQ(milliseconds_of(log.traces[0]),
              (std::vector<std::int64_t>{0, 1000, 2000, 3000, 4000}));
    EXPECT_EQ(watts_of(log.traces[0])[4], 104.0);
}

TEST(DcgmLog, RowsOfMigInstancesAreLeftOutAndSaid) {
    const PowerLog log =
        read_log(std::string(header) + row("GPU 0", "61.500", "1000", "10") +
                     row("GPU-I 0", "61.500", "1000", "10") + row("CPU 0", "80.000", "1000", "10"),
                 every(100));
    EXPECT_EQ(log.traces.size(), 1U);
    EXPECT_EQ(log.rows, 1U);
    EXPECT_TRUE(warned(log, WarningCode::mig_whole_gpu));
}

TEST(DcgmLog, AFileWithoutPowerOrEnergyIsRefusedWithTheQueryToUse) {
    EXPECT_THAT(error_of("#Entity         GPUTL\nID\nGPU 0           5\n", every(100)).message,
                HasSubstr("dcgmi dmon -e 155"));
    EXPECT_EQ(error_of("#Entity\n", every(100)).kind, Kind::parse);
}

TEST(DcgmLog, TheEnergyCounterAloneIsEnough) {
    const PowerLog log = read_log(
        "#Entity         TOTEC\nID              mJ\nGPU 0           1000\nGPU 0           2000\n",
        every(100));
    EXPECT_FALSE(log.traces[0].fast().has(Metric::power));
    EXPECT_FALSE(log.traces[0].info().device.power_sensor);
    EXPECT_THAT(values_of(log.traces[0].fast().values(Metric::energy_counter)),
                ElementsAre(1.0, 2.0));
}

TEST(DcgmLog, FieldsThatChangeOnTheWayAreRefused) {
    EXPECT_THAT(error_of(std::string(header) + row("GPU 0", "1.000", "1", "1") +
                             "#Entity         POWER\nGPU 0           5.000\n",
                         every(100))
                    .message,
                HasSubstr("header changes"));
}

} // namespace
} // namespace joulemark::device
