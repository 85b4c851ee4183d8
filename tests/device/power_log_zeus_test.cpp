#include "device/power_log_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace joulemark::device {
namespace {

using test::error_of;
using test::milliseconds_of;
using test::read_log;
using test::watts_of;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ZeusLog, TheTableOfPowerMonitorHasNoHeaderAndOneColumnForEachGpu) {
    const PowerLog log = read_log(
        "1712144161.674,66.176,68.792\n1712144161.774,66.0,68.8\n1712144161.874,67.5,69.1\n");
    EXPECT_EQ(log.format, LogFormat::zeus);
    EXPECT_EQ(log.rows, 3U);
    ASSERT_EQ(log.traces.size(), 2U);
    EXPECT_THAT(watts_of(log.traces[1]), ElementsAre(68.792, 68.8, 69.1));
    EXPECT_EQ(milliseconds_of(log.traces[0]), (std::vector<std::int64_t>{0, 100, 200}));
    EXPECT_EQ(log.traces[0].info().anchor->unix_ns, 1712144161674000000);
    EXPECT_EQ(log.traces[1].info().device.name, "gpu1");
}

TEST(ZeusLog, TheSameTableWithItsHeaderIsRead) {
    for (const char* header : {"time,power0,power3", "Time,Power0,Power3", "timestamp,gpu0,gpu3"}) {
        const PowerLog log = read_log(std::string(header) +
                                      "\n1712144161.674,66.176,68.792\n1712144161.774,66.0,68.8\n");
        ASSERT_EQ(log.traces.size(), 2U) << header;
        EXPECT_EQ(log.traces[1].info().device.name, "gpu3");
    }
    const PowerLog of_pandas =
        read_log(",time,power0\n0,1712144161.674,66.176\n1,1712144161.774,66.0\n");
    EXPECT_THAT(watts_of(of_pandas.traces[0]), ElementsAre(66.176, 66.0));
}

TEST(ZeusLog, SamplesNameTheirGpuAndAreInMilliwatts) {
    const PowerLog log =
        read_log("timestamp,gpu_index,power_mw\n1712144161.674,0,66176\n1712144161.674,1,"
                 "68792\n1712144161.774,1,68800\n1712144162.0,0,67000\n");
    ASSERT_EQ(log.traces.size(), 2U);
    EXPECT_THAT(watts_of(log.traces[0]), ElementsAre(66.176, 67.0));
    EXPECT_THAT(log.traces[0].info().device.notes,
                Contains(HasSubstr("only readings that differ")));
}

TEST(ZeusLog, TheOldMonitorWroteMilliwattsAndUtc) {
    const PowerLog log =
        read_log("Time,Power,Temp,SMFreq,Mem\n2022-07-13 02:07:36.708783111,32402,30,1380,1048576\n"
                 "2022-07-13 02:07:36.761689374,32500,31,1380,1048576\n2022-07-13 02:07:36.8");
    ASSERT_EQ(log.traces.size(), 1U);
    EXPECT_THAT(watts_of(log.traces[0]), ElementsAre(32.402, 32.5));
    EXPECT_EQ(log.traces[0].slow().values(Metric::temperature)[1], 31.0);
    EXPECT_EQ(log.traces[0].slow().values(Metric::memory_used)[0], 1048576.0);
    // 2022-07-13 is day 19186 since 1970.
    EXPECT_EQ(log.traces[0].info().anchor->unix_ns,
              (19186LL * 86400 + 2 * 3600 + 7 * 60 + 36) * 1'000'000'000 + 708'783'111);
    EXPECT_EQ(log.rejected_count, 1U);
}

TEST(ZeusLog, ColumnsOfWholeNumbersAreNotTakenForGpus) {
    // Time, power, utilisation, memory: of a script, not of Zeus.
    const Error error = error_of("1712144161.674,66.176,10,20\n1712144161.774,66.0,11,21\n");
    EXPECT_EQ(error.kind, Kind::parse);
    PowerLogOptions options;
    options.format = LogFormat::zeus;
    EXPECT_EQ(read_log("1712144161.674,66,70\n1712144161.774,67,71\n", options).traces.size(), 2U);
}

TEST(ZeusLog, MalformedRowsAreKeptOutWithTheirLine) {
    const PowerLog log = read_log("1712144161.674,66.176,68.792\n1712144161.774,66.0\nx,1.0,2."
                                  "0\n1712144161.874,1.0,y\n1712144161.974,1.0,2.0\n");
    ASSERT_EQ(log.rejected.size(), 3U);
    EXPECT_EQ(log.rejected[0].line, 2U);
    EXPECT_EQ(log.rejected[2].reason, "gpu1: \"y\" is not a number");
    EXPECT_EQ(log.traces[0].fast().size(), 2U);
}

TEST(ZeusLog, AnIndexThatIsNoNumberMakesNoGpu) {
    const PowerLog log = read_log("timestamp,gpu_index,power_mw\n1712144161.674,0,"
                                  "66176\n1712144161.774,\x1b[2J,66176\n1712144161.874,-1,66176\n");
    EXPECT_EQ(log.traces.size(), 1U);
    EXPECT_EQ(log.rejected_count, 2U);
}

TEST(ZeusLog, ALogOfEnergyWindowsIsRefusedWithTheReason) {
    EXPECT_THAT(
        error_of("start_time,window_name,elapsed_time,gpu0_energy\n1712144161.6,step,1.5,300.0\n")
            .message,
        HasSubstr("energy of windows"));
}

TEST(ZeusLog, TheRegularityOfTheClockIsCheckedForEachGpu) {
    const PowerLog log = read_log("1712144161.1,1.0,2.0\n1712144161.2,1.0,2.0\n1712144161.15,9.0,9."
                                  "0\n1712144161.3,1.0,2.0\n");
    EXPECT_EQ(log.traces[0].fast().size(), 3U);
    EXPECT_EQ(log.traces[1].report().rejected_times, 1U);
}

} // namespace
} // namespace joulemark::device
