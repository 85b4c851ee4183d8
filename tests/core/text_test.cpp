#include "core/text.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <locale>
#include <string>

namespace joulemark {
namespace {

TEST(Printable, LeavesReadableTextAlone) {
    EXPECT_EQ(printable("NVIDIA H200, 141 GiB"), "NVIDIA H200, 141 GiB");
    EXPECT_EQ(printable("Zürich 25 °C 🔌"), "Zürich 25 °C 🔌");
    EXPECT_EQ(printable(""), "");
}

TEST(Printable, ShowsControlCharactersInsteadOfObeyingThem) {
    EXPECT_EQ(printable("\x1b[31mred\x1b[0m"), "\\x1b[31mred\\x1b[0m");
    EXPECT_EQ(printable("a\nb\tc\rd\x7f"), "a\\x0ab\\x09c\\x0dd\\x7f");
    EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
    // U+009B is a control sequence introducer in one code point.
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "\\xc2\\x9b31m");
}

TEST(Printable, ShowsWhatIsNotUtf8) {
    EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
    EXPECT_EQ(printable("\xc3"), "\\xc3");                            // cut off
    EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");                   // overlong
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");          // surrogate
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); // beyond U+10FFFF
    EXPECT_EQ(printable("\xe2\x82"
                        "A"),
              "\\xe2\\x82"
              "A");
}

TEST(Printable, CutsWhatIsTooLongBetweenCharacters) {
    EXPECT_EQ(printable("abcdef", 4), "abcd…");
    EXPECT_EQ(printable("abcd", 4), "abcd");
    EXPECT_EQ(printable("abcü", 4), "abc…");
    EXPECT_EQ(printable(std::string(100'000, 'x')).size(), 200U + std::string("…").size());
}

RC_GTEST_PROP(PrintableProperty, NoByteThatATerminalObeysGetsThrough, ()) {
    const auto bytes = *rc::gen::arbitrary<std::string>();
    for (const char c : printable(bytes, 1000)) {
        const auto byte = static_cast<unsigned char>(c);
        RC_ASSERT(byte >= 0x20 && byte != 0x7f);
    }
}

RC_GTEST_PROP(PrintableProperty, IsReadableItself, ()) {
    const std::string once = printable(*rc::gen::arbitrary<std::string>(), 1000);
    RC_ASSERT(printable(once, 2000) == once);
}

TEST(Trim, TakesSpaceFromBothEnds) {
    EXPECT_EQ(trim("  a b\t\r\n"), "a b");
    EXPECT_EQ(trim(" \n "), "");
    EXPECT_EQ(trim(""), "");
}

TEST(ParseDouble, TakesTheWholeTextOrNothing) {
    EXPECT_EQ(parse_double("350.25"), 350.25);
    EXPECT_EQ(parse_double("-1e-3"), -0.001);
    EXPECT_EQ(parse_double(".5"), 0.5);
    for (const char* text : {"",
                             " 1",
                             "1 ",
                             "1W",
                             "1,5",
                             "0x10",
                             "+1",
                             "--1",
                             "1e",
                             "nan",
                             "inf",
                             "-inf",
                             "1e999",
                             "[N/A]"}) {
        EXPECT_FALSE(parse_double(text)) << text;
    }
}

RC_GTEST_PROP(ParseDoubleProperty, ReadsBackWhatWasPrinted, ()) {
    const double value = *rc::gen::arbitrary<double>();
    RC_PRE(std::isfinite(value));
    RC_ASSERT(parse_double(fmt::format("{}", value)) == value);
}

TEST(ParseInt, TakesTheWholeTextOrNothing) {
    EXPECT_EQ(parse_int("-42"), -42);
    EXPECT_EQ(parse_int("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
    for (const char* text : {"", "4.0", "4 ", " 4", "+4", "9223372036854775808", "four"}) {
        EXPECT_FALSE(parse_int(text)) << text;
    }
}

TEST(Case, IsIgnoredInAsciiOnly) {
    EXPECT_TRUE(equals_ignoring_case("H200", "h200"));
    EXPECT_FALSE(equals_ignoring_case("h200", "h20"));
    EXPECT_FALSE(equals_ignoring_case("Ü", "ü"));
    EXPECT_EQ(to_lower("RTX 4090 Ü"), "rtx 4090 Ü");
}

TEST(ParseDuration, KnowsItsUnits) {
    EXPECT_DOUBLE_EQ(*parse_duration_seconds("250us"), 250e-6);
    EXPECT_DOUBLE_EQ(*parse_duration_seconds("250µs"), 250e-6);
    EXPECT_DOUBLE_EQ(*parse_duration_seconds("5ns"), 5e-9);
    EXPECT_DOUBLE_EQ(*parse_duration_seconds("10ms"), 0.010);
    EXPECT_DOUBLE_EQ(*parse_duration_seconds("2s"), 2.0);
    EXPECT_DOUBLE_EQ(*parse_duration_seconds("1.5m"), 90.0);
    EXPECT_DOUBLE_EQ(*parse_duration_seconds("3h"), 10800.0);
    EXPECT_DOUBLE_EQ(*parse_duration_seconds("1d"), 86400.0);
    EXPECT_DOUBLE_EQ(*parse_duration_seconds("7"), 7.0);
    EXPECT_DOUBLE_EQ(*parse_duration_seconds(" 7 ms "), 0.007);
}

TEST(ParseDuration, RefusesWhatIsNoTime) {
    for (const char* text :
         {"", "s", "ms", "-1s", "1x", "1 2s", "infs", "nan", "1e308h", "1ss", "0x1s"}) {
        EXPECT_FALSE(parse_duration_seconds(text)) << text;
    }
}

// A comma as decimal sign and a dot between thousands, without needing a system locale.
class CommaDecimal : public std::numpunct<char> {
protected:
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
};

class CommaLocale : public testing::Test {
protected:
    CommaLocale()
        : before_(std::locale::global(std::locale(std::locale::classic(), new CommaDecimal))) {}
    ~CommaLocale() override { std::locale::global(before_); }

private:
    std::locale before_;
};

TEST_F(CommaLocale, NumbersAreReadAndWrittenWithADot) {
    EXPECT_EQ(parse_double("1234.5"), 1234.5);
    EXPECT_FALSE(parse_double("1234,5"));
    EXPECT_EQ(parse_int("1234567"), 1234567);
    EXPECT_DOUBLE_EQ(*parse_duration_seconds("1.5s"), 1.5);
    EXPECT_EQ(fmt::format("{:.1f} {}", 1234.5, 1234567), "1234.5 1234567");
}

} // namespace
} // namespace joulemark
