// Lines of marks: what is understood, what is refused, and that what we send is what we read.
#include "workload/mark.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace joulemark::workload {

namespace {

using testing::HasSubstr;

const rc::Gen<std::string> any_word = rc::gen::suchThat(
    rc::gen::container<std::string>(rc::gen::inRange<char>('!', static_cast<char>('~' + 1))),
    [](const std::string& s) { return !s.empty() && s.size() <= 100; });

std::string reason(std::string_view datagram) {
    const auto event = parse_mark(datagram);
    if (event) {
        return "understood";
    }
    EXPECT_EQ(event.error().kind, Kind::parse);
    return event.error().message;
}

} // namespace

TEST(ParseMark, NameAloneIsEnough) {
    const auto event = parse_mark("begin prefill");
    ASSERT_TRUE(event);
    EXPECT_EQ(*event, (MarkEvent{.begin = true, .name = "prefill", .id = "", .time = {}}));
}

TEST(ParseMark, EndCarriesIdAndTime) {
    const auto event = parse_mark("end decode request-7 123456789012");
    ASSERT_TRUE(event);
    EXPECT_EQ(*event,
              (MarkEvent{.begin = false,
                         .name = "decode",
                         .id = "request-7",
                         .time = instant_at(123456789012)}));
}

TEST(ParseMark, LastWordOfSevenDigitsIsTheTime) {
    const auto event = parse_mark("begin decode 1234567");
    ASSERT_TRUE(event);
    EXPECT_TRUE(event->id.empty());
    EXPECT_EQ(event->time, instant_at(1234567));
}

TEST(ParseMark, ShortNumberIsAnId) {
    const auto event = parse_mark("begin decode 42");
    ASSERT_TRUE(event);
    EXPECT_EQ(event->id, "42");
    EXPECT_FALSE(event->time);
}

TEST(ParseMark, FinalNewlineAndSpareBlanksDoNotMatter) {
    const auto event = parse_mark("  begin   prefill  a  \r\n");
    ASSERT_TRUE(event);
    EXPECT_EQ(event->name, "prefill");
    EXPECT_EQ(event->id, "a");
}

TEST(ParseMark, WhatIsNoMarkIsRefusedWithTheReason) {
    EXPECT_THAT(reason(""), HasSubstr("two to four words"));
    EXPECT_THAT(reason("begin"), HasSubstr("two to four words"));
    EXPECT_THAT(reason("begin a b 1234567 c"), HasSubstr("two to four words"));
    EXPECT_THAT(reason("start prefill"), HasSubstr("neither 'begin' nor 'end'"));
    EXPECT_THAT(reason("begin prefill id soon"), HasSubstr("not a number of nanoseconds"));
    EXPECT_THAT(reason("begin prefill id -1234567"), HasSubstr("not a number of nanoseconds"));
    EXPECT_THAT(reason("begin prefill id 99999999999999999999"), HasSubstr("not a number"));
    EXPECT_THAT(reason("begin " + std::string(101, 'x')), HasSubstr("short printable ASCII"));
    EXPECT_THAT(reason("begin x" + std::string(600, ' ')), HasSubstr("too long"));
    EXPECT_THAT(reason("begin pr\xc3\xa9"
                       "fill"),
                HasSubstr("printable ASCII"));
    EXPECT_THAT(reason(std::string("begin a\0b", 9)), HasSubstr("printable ASCII"));
}

TEST(ParseMark, TerminalSequencesOfARefusedMarkAreShownEscaped) {
    const std::string message = reason("begin \x1b]0;owned\x07");
    EXPECT_THAT(message, HasSubstr("\\x1b"));
    EXPECT_EQ(message.find('\x1b'), std::string::npos);
}

RC_GTEST_PROP(FormatMark, IsReadBackUnchanged, ()) {
    MarkEvent event;
    event.begin = *rc::gen::arbitrary<bool>();
    event.name = *any_word;
    if (*rc::gen::arbitrary<bool>()) {
        event.id = *any_word;
    }
    event.time = instant_at(*rc::gen::inRange<std::int64_t>(1'000'000, INT64_MAX));
    const auto read = parse_mark(format_mark(event));
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == event);
}

RC_GTEST_PROP(ParseMark, GivesSomethingPrintableForAnyBytes, (const std::string& bytes)) {
    const auto event = parse_mark(bytes);
    const std::string shown = event ? event->name + event->id : event.error().message;
    RC_ASSERT(shown.find_first_of("\x1b\x07\r\n") == std::string::npos);
}

} // namespace joulemark::workload
