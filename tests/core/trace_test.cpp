#include "core/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace joulemark {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Columns columns_at(std::initializer_list<std::int64_t> times) {
    Columns out;
    for (const std::int64_t t : times) {
        out.time.push_back(instant_at(t));
    }
    return out;
}

Columns power_at(std::initializer_list<std::int64_t> times, std::vector<double> watts) {
    Columns out = columns_at(times);
    out.values(Metric::power) = std::move(watts);
    return out;
}

TEST(Trace, KeepsWhatItWasMadeOf) {
    TraceInfo info;
    info.device.name = "sim:h200";
    SamplingReport report;
    report.samples = 3;
    const auto trace =
        Trace::make(info, power_at({1, 2, 4}, {10, 20, 30}), columns_at({2}), report);
    ASSERT_TRUE(trace);
    EXPECT_EQ(trace->info().device.name, "sim:h200");
    EXPECT_THAT(trace->fast().values(Metric::power), ElementsAre(10, 20, 30));
    EXPECT_FALSE(trace->fast().has(Metric::energy_counter));
    EXPECT_EQ(trace->slow().size(), 1U);
    EXPECT_EQ(trace->report().samples, 3U);
    EXPECT_EQ(trace->extent(), (Window{instant_at(1), instant_at(4)}));
}

TEST(Trace, WithoutReadingsHasNoExtent) {
    const auto trace = Trace::make({}, {}, {});
    ASSERT_TRUE(trace);
    EXPECT_FALSE(trace->extent());
    EXPECT_TRUE(trace->fast().empty());
}

TEST(Trace, RefusesTimesThatDoNotIncreaseAndNamesTheRow) {
    TraceInfo info;
    info.device.name = "nvml:0";
    for (const auto& times : {columns_at({1, 2, 2}), columns_at({1, 3, 2})}) {
        const auto trace = Trace::make(info, times, {});
        ASSERT_FALSE(trace);
        EXPECT_EQ(trace.error().kind, Kind::invalid_argument);
        EXPECT_THAT(trace.error().describe(), HasSubstr("nvml:0: fast row 2"));
    }
    EXPECT_THAT(Trace::make(info, {}, columns_at({5, 4})).error().message, HasSubstr("slow row 1"));
}

TEST(Trace, RefusesColumnsOfAnotherLength) {
    const auto trace = Trace::make({}, power_at({1, 2, 3}, {10, 20}), {});
    ASSERT_FALSE(trace);
    EXPECT_THAT(trace.error().message, HasSubstr("power_w has 2 values for 3 times"));
}

TEST(Columns, AppendFillsWhatOneSideLacks) {
    Columns left = power_at({1, 2}, {10, 20});
    Columns right = columns_at({3});
    right.values(Metric::energy_counter) = {500};
    left.append(right);
    EXPECT_EQ(left.size(), 3U);
    EXPECT_THAT(left.values(Metric::power), ElementsAre(10, 20, testing::IsNan()));
    EXPECT_THAT(left.values(Metric::energy_counter),
                ElementsAre(testing::IsNan(), testing::IsNan(), 500));
    EXPECT_FALSE(left.has(Metric::temperature));
    EXPECT_TRUE(Trace::make({}, left, {}));
}

TEST(Columns, AppendToNothingIsACopy) {
    const Columns right = power_at({3, 4}, {1, 2});
    Columns left;
    left.append(right);
    EXPECT_EQ(left, right);
    left.append({});
    EXPECT_EQ(left, right);
    left.clear();
    EXPECT_EQ(left, Columns{});
}

TEST(SamplingReport, CountsEveryGapAndKeepsTheFirstThousand) {
    SamplingReport report;
    for (std::int64_t i = 0; i < 1500; ++i) {
        report.add_gap({{instant_at(10 * i), instant_at(10 * i + 4)}, GapReason::read_failed});
    }
    EXPECT_EQ(report.gap_count, 1500U);
    EXPECT_EQ(report.gap_total, Nanoseconds{6000});
    EXPECT_EQ(report.gaps.size(), SamplingReport::max_gaps);
    EXPECT_EQ(report.gaps.front().reason, GapReason::read_failed);
}

TEST(GapReason, HasANameOfItsOwn) {
    EXPECT_EQ(to_string(GapReason::missed_deadline), "missed_deadline");
    EXPECT_EQ(to_string(GapReason::read_failed), "read_failed");
    EXPECT_EQ(to_string(GapReason::device_lost), "device_lost");
    EXPECT_EQ(to_string(GapReason::absent_in_source), "absent_in_source");
}

} // namespace
} // namespace joulemark
