#include "core/time.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace joulemark {
namespace {

TEST(Time, ConvertsBetweenSecondsAndNanoseconds) {
    EXPECT_DOUBLE_EQ(to_seconds(Nanoseconds{1'500'000'000}).value(), 1.5);
    EXPECT_EQ(to_nanoseconds(1.5_s), Nanoseconds{1'500'000'000});
    EXPECT_EQ(to_nanoseconds(Seconds{1.4e-9}), Nanoseconds{1});
    EXPECT_EQ(to_nanoseconds(Seconds{1.6e-9}), Nanoseconds{2});
    EXPECT_EQ(to_nanoseconds(Seconds{-1.6e-9}), Nanoseconds{-2});
}

// Two roundings of one part in 2^53 stay below half a nanosecond up to 10^15 of them, eleven days.
RC_GTEST_PROP(TimeProperty, NanosecondsSurviveTheWayThroughSeconds, ()) {
    constexpr std::int64_t limit = 1'000'000'000'000'000;
    const Nanoseconds ns{*rc::gen::inRange(-limit, limit)};
    RC_ASSERT(to_nanoseconds(to_seconds(ns)) == ns);
}

TEST(Time, AnchorTurnsMonotonicIntoWallClockTime) {
    const WallAnchor anchor{instant_at(5'000), 1'700'000'000'000'000'000};
    EXPECT_EQ(anchor.unix_ns_at(instant_at(5'000)), 1'700'000'000'000'000'000);
    EXPECT_EQ(anchor.unix_ns_at(instant_at(4'000)), 1'699'999'999'999'999'000);
}

TEST(Time, WindowContainsBothItsEdges) {
    const Window window{instant_at(10), instant_at(20)};
    EXPECT_EQ(window.length(), Nanoseconds{10});
    EXPECT_TRUE(window.contains(instant_at(10)));
    EXPECT_TRUE(window.contains(instant_at(20)));
    EXPECT_FALSE(window.contains(instant_at(9)));
    EXPECT_FALSE(window.contains(instant_at(21)));
}

TEST(Time, Iso8601IsUtcWithMilliseconds) {
    EXPECT_EQ(iso8601_utc(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(iso8601_utc(951'782'400'000'000'000), "2000-02-29T00:00:00.000Z");
    EXPECT_EQ(iso8601_utc(1'795'198'020'123'999'999), "2026-11-20T18:07:00.123Z");
    // Before 1970 the time still runs forwards: one nanosecond earlier is the last millisecond of
    // the day before.
    EXPECT_EQ(iso8601_utc(-1), "1969-12-31T23:59:59.999Z");
}

} // namespace
} // namespace joulemark
