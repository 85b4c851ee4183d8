#include "device/log_time.hpp"
#include "device/power_log_cells.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <string>

namespace joulemark::device {
namespace {

constexpr std::int64_t second = 1'000'000'000;

std::optional<std::int64_t> time_of(std::string_view text) {
    LogTimes times;
    return times.read(text);
}

TEST(LogTime, ReadsTheFormOfNvidiaSmi) {
    // 2024-04-03 is day 19816 since 1970.
    EXPECT_EQ(time_of("2024/04/03 11:36:01.674"),
              (19816LL * 86400 + 11 * 3600 + 36 * 60 + 1) * second + 674'000'000);
}

TEST(LogTime, ReadsIso8601WithAndWithoutZone) {
    const std::int64_t noon = (19816LL * 86400 + 12 * 3600) * second;
    EXPECT_EQ(time_of("2024-04-03T12:00:00"), noon);
    EXPECT_EQ(time_of("2024-04-03 12:00:00.5"), noon + second / 2);
    EXPECT_EQ(time_of("2024-04-03T12:00:00Z"), noon);
    EXPECT_EQ(time_of("2024-04-03T12:00:00.000000001+02:00"), noon - 7200 * second + 1);
    EXPECT_EQ(time_of("2024-04-03T12:00:00-0530"), noon + (5 * 3600 + 1800) * second);
}

TEST(LogTime, ReadsSecondsSince1970ToTheNanosecond) {
    EXPECT_EQ(time_of("1712144161.674"), 1712144161 * second + 674'000'000);
    EXPECT_EQ(time_of("1712144161"), 1712144161 * second);
    EXPECT_EQ(time_of("1712144161.1234567899"), 1712144161 * second + 123'456'789);
}

TEST(LogTime, RefusesWhatIsNoTime) {
    for (const char* text : {"",
                             "N/A",
                             "2024/04/03",
                             "2024/04/03 11:36",
                             "2024/13/03 11:36:01",
                             "2023/02/29 11:36:01",
                             "2024/04/03 24:00:00",
                             "2024/04/03 11:60:01",
                             "2024/04/03 11:36:60",
                             "2024/04/03 11:36:01.",
                             "2024/04/03 11:36:01 PM",
                             "2024-04/03 11:36:01",
                             "1712144161674",
                             "-5",
                             "1712144161.67x",
                             "1969-12-31 23:59:59",
                             "2262-01-01 00:00:00",
                             "2024/04/03T11:36:01",
                             "1970-01-01T00:30:00+01:00",
                             "2024-04-03T12:00:00+15:00"}) {
        EXPECT_FALSE(time_of(text)) << text;
    }
    EXPECT_FALSE(time_of(std::string(20, '\0')));
}

TEST(LogTime, AllTimesOfALogHaveTheFormOfTheFirst) {
    LogTimes times;
    EXPECT_FALSE(times.form());
    EXPECT_TRUE(times.read("2024-04-03T12:00:00Z"));
    EXPECT_EQ(times.form(), TimeForm::zoned);
    EXPECT_FALSE(times.read("2024-04-03T12:00:01"));
    EXPECT_FALSE(times.read("1712144161.674"));
    EXPECT_TRUE(times.read("2024-04-03T12:00:01+01:00"));
}

RC_GTEST_PROP(LogTime, ReadsEveryMomentBackWhateverCameBeforeIt, ()) {
    LogTimes times;
    for (const std::int64_t ms : *rc::gen::container<std::vector<std::int64_t>>(
             rc::gen::inRange<std::int64_t>(0, 9'000'000'000'000))) {
        const std::chrono::sys_time<std::chrono::seconds> at{std::chrono::seconds{ms / 1000}};
        const std::string text =
            fmt::format("{:%Y/%m/%d %H:%M:%S}.{:03}", fmt::gmtime(at), ms % 1000);
        RC_ASSERT(times.read(text) == ms * 1'000'000);
    }
}

RC_GTEST_PROP(PowerLogCells, NumbersAreTheSameDoublesAsThoseOfTheStandardLibrary, ()) {
    const auto text = *rc::gen::container<std::string>(
        rc::gen::element('0', '1', '5', '9', '9', '.', '-', 'e', ' ', 'W'));
    double expected = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), expected);
    std::string_view rest = text;
    const auto number = take_number(rest);
    RC_ASSERT(number.has_value() == (error == std::errc{} && std::isfinite(expected)));
    if (number) {
        RC_ASSERT(std::bit_cast<std::uint64_t>(*number) == std::bit_cast<std::uint64_t>(expected));
        RC_ASSERT(rest.data() == end);
    }
}

RC_GTEST_PROP(PowerLogCells, AnyDoubleIsReadBackBitForBit, (double value)) {
    RC_PRE(std::isfinite(value));
    const std::string text = fmt::format("{}", value);
    std::string_view rest = text;
    const auto number = take_number(rest);
    RC_ASSERT(number.has_value());
    RC_ASSERT(std::bit_cast<std::uint64_t>(*number) == std::bit_cast<std::uint64_t>(value));
    RC_ASSERT(rest.empty());
}

TEST(PowerLogCells, InfinityAndNanAreNoNumbers) {
    for (const std::string_view text : {"inf", "-inf", "nan", "1e999", "", "-", ".", "W"}) {
        std::string_view rest = text;
        EXPECT_FALSE(take_number(rest)) << text;
        EXPECT_EQ(rest, text);
    }
}

TEST(PowerLogCells, EveryWayToSayThatThereIsNoReadingIsMissingAndNeverZero) {
    auto cells = MetricCells::make("power.draw", Metric::power, "W");
    ASSERT_TRUE(cells);
    for (const char* cell : {"[N/A]",
                             "N/A",
                             "n/a",
                             "[Not Supported]",
                             "[Unknown Error]",
                             "[GPU is lost]",
                             "ERR!",
                             "-",
                             ""}) {
        double value = 0.0;
        EXPECT_TRUE(cells->read(cell, value)) << cell;
        EXPECT_TRUE(std::isnan(value)) << cell;
    }
}

TEST(PowerLogCells, UnitsBecomeSiExactly) {
    const auto read = [](Metric metric, std::string_view unit, std::string_view cell) {
        auto cells = MetricCells::make("column", metric, unit);
        double value = 0.0;
        EXPECT_TRUE(cells && cells->read(cell, value)) << cell;
        return value;
    };
    EXPECT_EQ(read(Metric::power, "W", "30.81 W"), 30.81);
    EXPECT_EQ(read(Metric::power, "", "30810 mW"), 30.81);
    EXPECT_EQ(read(Metric::power, "mW", "30810"), 30.81);
    EXPECT_EQ(read(Metric::utilisation, "%", "7 %"), 0.07);
    EXPECT_EQ(read(Metric::memory_used, "MiB", "2 MiB"), 2097152.0);
    EXPECT_EQ(read(Metric::sm_clock, "MHz", "1410"), 1.41e9);
    EXPECT_EQ(read(Metric::temperature, "", "34"), 34.0);
    EXPECT_EQ(read(Metric::energy_counter, "mJ", "1234567890123456"), 1234567890123.456);
}

TEST(PowerLogCells, ACellThatLostItsUnitIsRefusedOnceTheColumnHasOne) {
    auto cells = MetricCells::make("power.draw", Metric::power, "W");
    double value = 0.0;
    ASSERT_TRUE(cells->read("30.81 W", value));
    cells->settle();
    EXPECT_FALSE(cells->read("30.8", value));
    EXPECT_EQ(cells->fault("30.8").describe(), "power.draw: \"30.8\" has lost its unit");
    EXPECT_FALSE(cells->read("30.81 mW", value));
    EXPECT_TRUE(cells->read("31.00 W", value));
}

TEST(PowerLogCells, AFirstRowThatIsNotKeptTeachesNothing) {
    auto cells = MetricCells::make("power.draw", Metric::power, "W");
    double value = 0.0;
    ASSERT_TRUE(cells->read("30.81", value));
    ASSERT_TRUE(cells->read("30.81 W", value));
    cells->settle();
    EXPECT_TRUE(cells->read("31.00 W", value));
}

TEST(PowerLogCells, ValuesThatNoGpuCanHaveAreRefused) {
    double value = 0.0;
    EXPECT_FALSE(MetricCells::make("p", Metric::power, "W")->read("-3 W", value));
    EXPECT_FALSE(MetricCells::make("p", Metric::power, "W")->read("2147483.64 W", value));
    EXPECT_FALSE(MetricCells::make("u", Metric::utilisation, "%")->read("101 %", value));
    EXPECT_FALSE(MetricCells::make("t", Metric::temperature, "")->read("4294967295", value));
}

TEST(PowerLogCells, AFaultIsSafeToShow) {
    const RowFault fault{"power.draw", "\x1b[2J30 W", "is not a number"};
    EXPECT_EQ(fault.describe(), "power.draw: \"\\x1b[2J30 W\" is not a number");
}

} // namespace
} // namespace joulemark::device
