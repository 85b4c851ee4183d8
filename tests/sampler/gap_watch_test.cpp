#include "sampler/gap_watch.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace joulemark::sampler {
namespace {

using namespace std::chrono_literals;

constexpr Instant at_ms(std::int64_t ms) { return instant_at(ms * 1'000'000); }

TEST(GapWatch, TheLimitItselfIsNoGap) {
    GapWatch watch(30ms);
    EXPECT_FALSE(watch.kept(at_ms(0)));
    EXPECT_FALSE(watch.kept(at_ms(30)));
    EXPECT_EQ(watch.kept(at_ms(61)), (Gap{{at_ms(30), at_ms(61)}, GapReason::missed_deadline}));
}

TEST(GapWatch, TheWorstThingThatHappenedIsTheReason) {
    GapWatch watch(30ms);
    EXPECT_FALSE(watch.kept(at_ms(0)));
    watch.read_failed();
    EXPECT_EQ(watch.kept(at_ms(50))->reason, GapReason::read_failed);
    watch.device_lost();
    watch.read_failed();
    EXPECT_EQ(watch.kept(at_ms(100))->reason, GapReason::device_lost);
    EXPECT_EQ(watch.kept(at_ms(150))->reason, GapReason::missed_deadline);
}

TEST(GapWatch, AFailureThatIsMadeUpForInTimeIsNoGap) {
    GapWatch watch(30ms);
    EXPECT_FALSE(watch.kept(at_ms(0)));
    watch.read_failed();
    EXPECT_FALSE(watch.kept(at_ms(20)));
}

TEST(GapWatch, ALossIsAGapHoweverShort) {
    GapWatch watch(10s);
    EXPECT_FALSE(watch.kept(at_ms(0)));
    watch.device_lost();
    EXPECT_EQ(watch.kept(at_ms(1000)), (Gap{{at_ms(0), at_ms(1000)}, GapReason::device_lost}));
}

TEST(GapWatch, TheFirstReadingEndsAGapOnlyWhenItWasWaitedFor) {
    GapWatch at_once(30ms);
    EXPECT_FALSE(at_once.kept(at_ms(500)));
    GapWatch late(30ms);
    late.begin(at_ms(100));
    EXPECT_EQ(late.kept(at_ms(500))->window, (Window{at_ms(100), at_ms(500)}));
}

TEST(GapWatch, BeginningDoesNotForgetAReading) {
    GapWatch watch(30ms);
    EXPECT_FALSE(watch.kept(at_ms(100)));
    watch.begin(at_ms(90));
    EXPECT_EQ(watch.kept(at_ms(200))->window.begin, at_ms(100));
}

TEST(GapWatch, AnOpenGapEndsWithTheRecording) {
    GapWatch watch(30ms);
    EXPECT_FALSE(watch.ended(at_ms(5)));
    EXPECT_FALSE(watch.kept(at_ms(10)));
    EXPECT_FALSE(watch.ended(at_ms(40)));
    EXPECT_EQ(watch.ended(at_ms(41)), (Gap{{at_ms(10), at_ms(41)}, GapReason::missed_deadline}));
}

} // namespace
} // namespace joulemark::sampler
