// The chart of power over time: right at a glance, within its width for any curve.
#include "report/power_chart.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace joulemark::report {

namespace {

using analysis::BinMeans;
using analysis::Phase;
using analysis::PhaseKind;

constexpr TextStyle ascii{.colour = false, .unicode = false, .width = 40};

BinMeans curve_of(std::vector<double> watts) {
    BinMeans curve;
    curve.width = Seconds{1.0};
    curve.valid.assign(watts.size(), 1);
    curve.power_watts = std::move(watts);
    return curve;
}

Window seconds(double from, double to) {
    return {instant_at(0) + to_nanoseconds(Seconds{from}),
            instant_at(0) + to_nanoseconds(Seconds{to})};
}

Phase phase(PhaseKind kind, double from, double to) {
    Phase out;
    out.kind = kind;
    out.window = seconds(from, to);
    return out;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

} // namespace

TEST(PowerChart, DrawsAStepWithItsPhases) {
    const std::vector<Phase> phases{phase(PhaseKind::idle, 0, 1), phase(PhaseKind::decode, 1, 2)};
    const auto lines =
        lines_of(power_chart(curve_of({0.0, 400.0}), seconds(0, 2), phases, 2, ascii));
    ASSERT_EQ(lines.size(), 4U);
    const std::string work(15, '#');
    const std::string rest(14, ' ');
    EXPECT_THAT(lines[0], testing::StartsWith("   400 W |"));
    EXPECT_THAT(lines[0], testing::EndsWith(work.substr(1)));
    EXPECT_THAT(lines[1], testing::StartsWith("   200 W +" + rest));
    EXPECT_THAT(lines[2], testing::StartsWith("  phase   " + std::string(14, 'i')));
    EXPECT_THAT(lines[2], testing::EndsWith(std::string(14, 'd')));
    EXPECT_THAT(lines[3], testing::EndsWith("2 s"));
}

TEST(PowerChart, LeavesOutThePhaseLineWithoutPhases) {
    EXPECT_EQ(lines_of(power_chart(curve_of({1.0}), seconds(0, 1), {}, 3, ascii)).size(), 4U);
}

TEST(PowerChart, LeavesColumnsWithoutReadingsEmpty) {
    BinMeans curve = curve_of({400.0, 400.0});
    curve.valid[1] = 0;
    const std::string text = power_chart(curve, seconds(0, 2), {}, 1, ascii);
    EXPECT_NEAR(static_cast<double>(std::ranges::count(text, '#')), 14.5, 0.6);
}

TEST(PowerChart, SurvivesAWindowOfNoLengthAndNumbersThatAreNone) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<Phase> phases{phase(PhaseKind::idle, 0, 0)};
    const std::string text =
        power_chart(curve_of({nan, 1e308, 1e308, -5.0}), seconds(0, 4), phases, 4, ascii);
    EXPECT_EQ(text.find("nan"), std::string::npos);
    EXPECT_EQ(power_chart(curve_of({5.0}), seconds(1, 1), phases, 4, ascii).find('#'),
              std::string::npos);
}

RC_GTEST_PROP(PowerChart, KeepsToItsSize, ()) {
    const TextStyle style{.colour = *rc::gen::arbitrary<bool>(),
                          .unicode = *rc::gen::arbitrary<bool>(),
                          .width = *rc::gen::inRange<std::size_t>(40, 300)};
    const auto rows = *rc::gen::inRange<std::size_t>(0, 20);
    const double scale =
        *rc::gen::elementOf(std::vector<double>{1e-9, 1e-3, 1.0, 1e4, 1e7, 1e15, 1e200});
    auto percent = *rc::gen::container<std::vector<int>>(rc::gen::inRange(-10, 101));
    std::vector<double> watts;
    for (const int p : percent) {
        watts.push_back(scale * p);
    }
    const double length =
        *rc::gen::elementOf(std::vector<double>{1e-6, 0.0123, 1.0, 59.9, 4000.0, 1e6});
    BinMeans curve = curve_of(watts);
    curve.width = Seconds{length / static_cast<double>(std::max<std::size_t>(watts.size(), 1))};
    const std::vector<Phase> phases{phase(PhaseKind::idle, 0, length / 3),
                                    phase(PhaseKind::fall, length / 2, length)};
    const auto lines = lines_of(power_chart(curve, seconds(0, length), phases, rows, style));
    RC_ASSERT(lines.size() == rows + 2);
    for (const std::string& line : lines) {
        RC_ASSERT(display_width(line) <= style.width);
    }
}

} // namespace joulemark::report
