// The tables that other rooms generate names from, and the small records beside them.
#include "core/device_info.hpp"
#include "core/estimate.hpp"
#include "core/metric.hpp"
#include "core/result.hpp"
#include "core/run.hpp"
#include "core/throttle.hpp"
#include "core/warning.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace joulemark {
namespace {

using testing::ElementsAre;

bool matches(std::string_view text, const char* pattern) {
    return std::regex_match(text.begin(), text.end(), std::regex(pattern));
}

TEST(MetricTable, HasOneRowForEachMetricInOrder) {
    ASSERT_EQ(metric_table().size(), metric_count);
    for (std::size_t i = 0; i < metric_count; ++i) {
        EXPECT_EQ(metric_table()[i].metric, static_cast<Metric>(i));
        EXPECT_EQ(&info_of(static_cast<Metric>(i)), &metric_table()[i]);
    }
}

TEST(MetricTable, NamesAreDistinctAndWellFormed) {
    std::set<std::string_view> csv;
    std::set<std::string_view> json;
    std::set<std::string_view> prometheus;
    for (const MetricInfo& row : metric_table()) {
        EXPECT_TRUE(csv.insert(row.csv).second) << row.csv;
        EXPECT_TRUE(json.insert(row.json).second) << row.json;
        EXPECT_TRUE(prometheus.insert(row.prometheus).second) << row.prometheus;
        EXPECT_TRUE(matches(row.csv, "[a-z][a-z0-9_]*")) << row.csv;
        EXPECT_TRUE(matches(row.json, "[a-z][a-z0-9_]*")) << row.json;
        EXPECT_TRUE(matches(row.prometheus, "joulemark_gpu_[a-z0-9_]+")) << row.prometheus;
        EXPECT_FALSE(row.label.empty());
        EXPECT_FALSE(row.unit.empty());
        EXPECT_TRUE(row.help.ends_with('.')) << row.help;
        // Prometheus' naming rule for counters.
        EXPECT_EQ(row.prometheus.ends_with("_total"), row.kind == MetricKind::counter)
            << row.prometheus;
    }
}

TEST(MetricTable, NamesCarryTheirUnit) {
    for (const MetricInfo& row : metric_table()) {
        if (row.unit == "W") {
            EXPECT_TRUE(row.csv.ends_with("_w")) << row.csv;
            EXPECT_TRUE(row.json.ends_with("_watts")) << row.json;
        }
        if (row.unit == "J") {
            EXPECT_TRUE(row.json.ends_with("_joules")) << row.json;
        }
        if (row.unit == "°C") {
            EXPECT_TRUE(row.json.ends_with("_celsius")) << row.json;
        }
        if (row.unit == "Hz") {
            EXPECT_TRUE(row.csv.ends_with("_hz")) << row.csv;
        }
    }
}

TEST(MetricTable, CsvNamesLeadBack) {
    for (const MetricInfo& row : metric_table()) {
        EXPECT_EQ(metric_with_csv_name(row.csv), row.metric);
    }
    EXPECT_FALSE(metric_with_csv_name("power"));
    EXPECT_FALSE(metric_with_csv_name(""));
}

TEST(WarningTable, HasOneDistinctNameForEachCodeInOrder) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < warning_table().size(); ++i) {
        const WarningInfo& row = warning_table()[i];
        EXPECT_EQ(row.code, static_cast<WarningCode>(i));
        EXPECT_EQ(to_string(row.code), row.name);
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_TRUE(matches(row.name, "[a-z][a-z0-9_]*")) << row.name;
        EXPECT_TRUE(row.meaning.ends_with('.')) << row.name;
    }
    EXPECT_EQ(to_string(WarningCode::counter_reset), "counter_reset");
}

TEST(Throttle, NamesTheBitsThatAreSet) {
    EXPECT_TRUE(throttle_names(0).empty());
    EXPECT_THAT(throttle_names(bit(Throttle::power_cap)), ElementsAre("power_cap"));
    EXPECT_THAT(throttle_names(bit(Throttle::thermal_hardware) | bit(Throttle::idle)),
                ElementsAre("idle", "thermal_hardware"));
    EXPECT_EQ(throttle_names(0xFFFF'FFFF).size(), 8U);
}

TEST(Throttle, ThePowerCapAloneDoesNotInvalidateAMeasurement) {
    EXPECT_EQ(invalidating_throttle & bit(Throttle::power_cap), 0U);
    EXPECT_EQ(invalidating_throttle & bit(Throttle::idle), 0U);
    EXPECT_NE(invalidating_throttle & bit(Throttle::thermal_hardware), 0U);
    EXPECT_NE(invalidating_throttle & bit(Throttle::power_brake), 0U);
}

TEST(Error, DescribesItselfWithItsContext) {
    EXPECT_EQ((Error{Kind::io, "disk full", ""}).describe(), "disk full");
    EXPECT_EQ((Error{Kind::io, "disk full", "runs.db"}).describe(), "runs.db: disk full");
}

TEST(Error, CollectsContextOnItsWayUp) {
    const Result<int> inner = fail(Kind::corrupt, "bad checksum", "block 3");
    const Result<int> outer = fail_in("runs.db", inner.error());
    ASSERT_FALSE(outer);
    EXPECT_EQ(outer.error().kind, Kind::corrupt);
    EXPECT_EQ(outer.error().describe(), "runs.db: block 3: bad checksum");
    const Result<int> first = fail_in("runs.db", Error{Kind::io, "gone", ""});
    EXPECT_EQ(first.error().describe(), "runs.db: gone");
}

TEST(Kind, HasANameOfItsOwn) {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(Kind::internal); ++i) {
        names.insert(to_string(static_cast<Kind>(i)));
    }
    EXPECT_EQ(names.size(), static_cast<std::size_t>(Kind::internal) + 1);
}

TEST(Source, HasANameOfItsOwn) {
    EXPECT_EQ(to_string(Source::measured), "measured");
    EXPECT_EQ(to_string(Source::interpolated), "interpolated");
    EXPECT_EQ(to_string(Source::estimated), "estimated");
    EXPECT_EQ(to_string(Source::simulated), "simulated");
    EXPECT_EQ(to_string(Source::assumed), "assumed");
}

TEST(Boundary, HasANameOfItsOwn) {
    EXPECT_EQ(to_string(Boundary::gpu_board), "gpu_board");
    EXPECT_EQ(to_string(Boundary::cpu_package), "cpu_package");
    EXPECT_EQ(to_string(Boundary::unknown), "unknown");
}

TEST(RunState, SurvivesItsName) {
    for (const RunState state :
         {RunState::recording, RunState::finished, RunState::interrupted, RunState::failed}) {
        EXPECT_EQ(run_state_from(to_string(state)), state);
    }
    EXPECT_FALSE(run_state_from("Finished"));
    EXPECT_FALSE(run_state_from(""));
}

TEST(RunId, IsTheTimeOfCreationAndFourHexDigits) {
    EXPECT_EQ(make_run_id(1'795'198'020'000'000'000, 0x7f3a), "20261120-180700-7f3a");
    EXPECT_EQ(make_run_id(1'795'198'020'000'000'000, 0x000b), "20261120-180700-000b");
    EXPECT_LT(make_run_id(1'795'198'020'000'000'000, 0xffff),
              make_run_id(1'795'198'021'000'000'000, 0));
}

} // namespace
} // namespace joulemark
