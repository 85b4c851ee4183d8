// Numbers as people read them, lines broken where they may be.
#include "report/number_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <sstream>
#include <string>

namespace joulemark::report {

namespace {

constexpr TextStyle unicode{.colour = false, .unicode = true, .width = 80};
constexpr TextStyle ascii{.colour = false, .unicode = false, .width = 80};
constexpr double infinite = std::numeric_limits<double>::infinity();

} // namespace

TEST(NumberText, HasFourDigitsAndThousandsApart) {
    EXPECT_EQ(number_text(12.3456), "12.35");
    EXPECT_EQ(number_text(0.0315), "0.03150");
    EXPECT_EQ(number_text(9999.4), "9999");
    EXPECT_EQ(number_text(1234567.0), "1 234 567");
    EXPECT_EQ(number_text(-1234567.0), "-1 234 567");
    EXPECT_EQ(number_text(-0.0), "0");
}

TEST(NumberText, IsShortForAnyNumber) {
    EXPECT_EQ(number_text(1e300), "1e+300");
    EXPECT_EQ(number_text(1.5e-9), "1.5e-09");
    EXPECT_EQ(number_text(infinite), "not known");
    EXPECT_EQ(number_text(std::numeric_limits<double>::quiet_NaN()), "not known");
}

TEST(CountText, PutsThousandsApartFromFiveDigitsOn) {
    EXPECT_EQ(count_text(0), "0");
    EXPECT_EQ(count_text(3034), "3034");
    EXPECT_EQ(count_text(30344), "30 344");
    EXPECT_EQ(count_text(std::numeric_limits<std::uint64_t>::max()), "18 446 744 073 709 551 615");
    EXPECT_EQ(counted(1, "gap"), "1 gap");
    EXPECT_EQ(counted(12345, "gap"), "12 345 gaps");
}

TEST(QuantityText, TakesAPrefixWhereTheBareUnitWouldBeLong) {
    EXPECT_EQ(quantity_text(12345.0, "J"), "12.35 kJ");
    EXPECT_EQ(quantity_text(431.2, "W"), "431.2 W");
    EXPECT_EQ(quantity_text(0.0352, "J"), "35.20 mJ");
    EXPECT_EQ(quantity_text(-2.5e6, "J"), "-2.500 MJ");
    EXPECT_EQ(quantity_text(0.0, "J"), "0 J");
    EXPECT_EQ(quantity_text(infinite, "J"), "not known");
}

TEST(DurationText, TakesTheUnitThatFits) {
    EXPECT_EQ(duration_text(Seconds{199e-9}), "199 ns");
    EXPECT_EQ(duration_text(Seconds{14e-6}), "14 µs");
    EXPECT_EQ(duration_text(Seconds{0.25}), "250 ms");
    EXPECT_EQ(duration_text(Seconds{12.3}), "12.3 s");
    EXPECT_EQ(duration_text(Seconds{3118}), "51 min 58 s");
    EXPECT_EQ(duration_text(Seconds{7500}), "2 h 05 min");
    EXPECT_EQ(duration_text(Seconds{273600}), "3 d 04 h");
    EXPECT_EQ(duration_text(Seconds{0}), "0 s");
    EXPECT_EQ(duration_text(Seconds{-0.25}), "-250 ms");
    EXPECT_EQ(duration_text(Seconds{infinite}), "not known");
}

TEST(DurationText, RoundsUpIntoTheNextUnit) {
    EXPECT_EQ(duration_text(Seconds{0.9997}), "0.9997 s");
    EXPECT_EQ(duration_text(Seconds{0.9997e-3}), "1 ms");
    EXPECT_EQ(duration_text(Seconds{0.9997e-6}), "1 µs");
}

TEST(RelativeText, HasTheDigitsThatAreMeant) {
    EXPECT_EQ(relative_text(0.051, unicode), "± 5.1 %");
    EXPECT_EQ(relative_text(0.51, ascii), "+/- 51 %");
    EXPECT_EQ(relative_text(0.0004, unicode), "± 0.04 %");
    EXPECT_EQ(relative_text(1e300, ascii), "+/- 1e+302 %");
}

TEST(Fitting, ReplacesSignsOutsideAscii) {
    EXPECT_EQ(fitting("± 5 µs … 40 °C 名", ascii), "+/- 5 us ... 40 C ?");
    EXPECT_EQ(fitting("± 5 µs", unicode), "± 5 µs");
}

TEST(Wrapped, KeepsANumberWithItsUnit) {
    EXPECT_EQ(wrapped("a window ± 5.0 %, here", 14, 2), "a window\n  ± 5.0 %, here");
    EXPECT_EQ(wrapped("of 12 345 kJ", 10, 0), "of\n12 345 kJ");
    EXPECT_EQ(wrapped("takes 51 min 58 s", 14, 0), "takes 51 min\n58 s");
    EXPECT_EQ(wrapped("version 5 was", 9, 0), "version 5\nwas");
}

TEST(Wrapped, KeepsAColouredNumberWithItsUnit) {
    EXPECT_EQ(wrapped("is \x1b[1m12.35 kJ\x1b[0m now", 8, 0), "is\n\x1b[1m12.35 kJ\x1b[0m\nnow");
}

TEST(Wrapped, CutsAWordThatIsLongerThanALine) {
    EXPECT_EQ(wrapped("ab cdefghij k", 4, 1), "ab\n cdef\n ghij\n k");
    EXPECT_EQ(wrapped("ääääää", 4, 0), "ääää\nää");
}

RC_GTEST_PROP(Wrapped, LosesNothingAndKeepsToTheWidth, ()) {
    const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab1 %s.")));
    const auto width = *rc::gen::inRange<std::size_t>(1, 30);
    const std::string out = wrapped(text, width, 0);
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
        RC_ASSERT(display_width(line) <= width);
    }
    const auto without_blanks = [](std::string s) {
        std::erase_if(s, [](char c) { return c == ' ' || c == '\n'; });
        return s;
    };
    RC_ASSERT(without_blanks(out) == without_blanks(text));
}

} // namespace joulemark::report
