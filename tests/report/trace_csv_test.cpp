#include "report/trace_csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace joulemark::report {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

Trace trace_of(std::string name, Columns fast, Columns slow = {}) {
    TraceInfo info;
    info.device.name = std::move(name);
    info.device.backend = "sim";
    return *Trace::make(info, std::move(fast), std::move(slow));
}

Columns watts(std::vector<std::pair<std::int64_t, double>> rows) {
    Columns columns;
    for (const auto& [ns, value] : rows) {
        columns.time.push_back(instant_at(ns));
        columns.values(Metric::power).push_back(value);
    }
    return columns;
}

std::string text_of(const std::vector<Trace>& traces) {
    std::string text;
    const auto rows = write_trace_csv(traces, [&](std::string_view piece) -> Result<void> {
        text += piece;
        return {};
    });
    EXPECT_TRUE(rows);
    return text;
}

TEST(TraceCsv, BeginsWithItsVersionAndTheDevice) {
    const std::string text = text_of({trace_of("gpu0", watts({{0, 1.5}}))});
    EXPECT_THAT(text, StartsWith("# joulemark-trace/1\n# device: gpu0\n# backend: sim\n"));
    EXPECT_THAT(
        text, EndsWith("# fast: power_w\n# slow: \ntime_s,device,power_w\n0.000000000,gpu0,1.5\n"));
}

TEST(TraceCsv, MissingIsAnEmptyCellAndNeverZero) {
    EXPECT_THAT(text_of({trace_of("gpu0", watts({{0, 1.0}, {1, missing_reading}, {2, 0.0}}))}),
                EndsWith("0.000000000,gpu0,1\n0.000000001,gpu0,\n0.000000002,gpu0,0\n"));
}

TEST(TraceCsv, AFastAndASlowReadingOfOneMomentShareARow) {
    Columns slow;
    slow.time = {instant_at(0), instant_at(5)};
    slow.values(Metric::temperature) = {40.0, 41.0};
    EXPECT_THAT(text_of({trace_of("gpu0", watts({{0, 1.0}, {10, 2.0}}), slow)}),
                EndsWith("time_s,device,power_w,temperature_c\n0.000000000,gpu0,1,40\n0.000000005,"
                         "gpu0,,41\n0.000000010,gpu0,2,\n"));
}

TEST(TraceCsv, ADeviceWithoutAMetricOfAnotherHasEmptyCells) {
    Columns counter;
    counter.time = {instant_at(0)};
    counter.values(Metric::energy_counter) = {7.0};
    EXPECT_THAT(
        text_of({trace_of("a", watts({{0, 1.0}})), trace_of("b", counter)}),
        EndsWith("time_s,device,power_w,energy_counter_j\n0.000000000,a,1,\n0.000000000,b,,7\n"));
}

TEST(TraceCsv, TimesBeforeTheBeginningHaveASign) {
    EXPECT_THAT(text_of({trace_of("gpu0", watts({{-1'500'000'000, 1.0}, {1'000'000'001, 2.0}}))}),
                EndsWith("-1.500000000,gpu0,1\n1.000000001,gpu0,2\n"));
}

TEST(TraceCsv, NamesAreQuotedAndEscaped) {
    EXPECT_THAT(text_of({trace_of("a,\"b\"\n", watts({{0, 1.0}}))}),
                EndsWith("\n0.000000000,\"a,\"\"b\"\"\\x0a\",1\n"));
}

TEST(TraceCsv, TwoDevicesOfOneNameAreRefused) {
    const auto rows =
        write_trace_csv(std::vector{trace_of("a", watts({})), trace_of("a", watts({}))},
                        [](std::string_view) -> Result<void> { return {}; });
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().kind, Kind::invalid_argument);
}

TEST(TraceCsv, AFullDiskEndsTheWritingWithItsError) {
    std::vector<std::pair<std::int64_t, double>> rows;
    for (std::int64_t i = 0; i < 20'000; ++i) {
        rows.emplace_back(i, 1.0);
    }
    int pieces = 0;
    const auto written = write_trace_csv(
        std::vector{trace_of("a", watts(rows))}, [&](std::string_view) -> Result<void> {
            return ++pieces == 3 ? Result<void>(fail(Kind::io, "no space left")) : Result<void>();
        });
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().message, "no space left");
    EXPECT_EQ(pieces, 3);
}

} // namespace
} // namespace joulemark::report
