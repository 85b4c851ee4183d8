#include "sampler/schedule.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <vector>

namespace joulemark::sampler {
namespace {

using namespace std::chrono_literals;

constexpr Grid ten_ms{instant_at(5'000'000), 10ms}; // moments at 5, 15, 25 ... ms

constexpr Instant at_ms(std::int64_t ms) { return instant_at(ms * 1'000'000); }

TEST(NextDeadline, IsTheNextMomentOfTheGridWhateverTheReadingTook) {
    const Step quick = next_deadline(ten_ms, at_ms(15), at_ms(16));
    EXPECT_EQ(quick.deadline, at_ms(25));
    EXPECT_EQ(quick.missed, 0U);
    const Step slow = next_deadline(ten_ms, at_ms(15), at_ms(24));
    EXPECT_EQ(slow.deadline, at_ms(25));
    EXPECT_EQ(slow.missed, 0U);
}

TEST(NextDeadline, AMomentThatIsNowCanStillBeKept) {
    const Step step = next_deadline(ten_ms, at_ms(15), at_ms(25));
    EXPECT_EQ(step.deadline, at_ms(25));
    EXPECT_EQ(step.missed, 0U);
}

TEST(NextDeadline, MomentsThatWentByAreMissed) {
    const Step one = next_deadline(ten_ms, at_ms(15), at_ms(26));
    EXPECT_EQ(one.deadline, at_ms(35));
    EXPECT_EQ(one.missed, 1U);
    const Step many = next_deadline(ten_ms, at_ms(15), at_ms(1016));
    EXPECT_EQ(many.deadline, at_ms(1025));
    EXPECT_EQ(many.missed, 100U);
}

TEST(NextDeadline, BeforeTheStartTheStartIsNext) {
    const Grid grid{at_ms(100), 10ms};
    EXPECT_EQ(next_deadline(grid, at_ms(93), at_ms(93)).deadline, at_ms(100));
    EXPECT_EQ(next_deadline(grid, at_ms(93), at_ms(93)).missed, 0U);
}

TEST(NextDeadline, ALastDeadlineOffTheGridIsFollowedByTheNextMoment) {
    EXPECT_EQ(next_deadline(ten_ms, at_ms(17), at_ms(17)).deadline, at_ms(25));
}

TEST(NextDeadline, DoesNotDriftInADay) {
    Instant deadline = ten_ms.start;
    for (int i = 0; i < 8'640'000; ++i) {
        deadline = next_deadline(ten_ms, deadline, deadline + 3ms).deadline;
    }
    EXPECT_EQ(deadline, ten_ms.start + std::chrono::days{1});
}

RC_GTEST_PROP(NextDeadline, IsOnTheGridAfterTheLastAndNotPast, ()) {
    const auto any_ns = rc::gen::inRange<std::int64_t>(-1'000'000, 1'000'000);
    const Grid grid{instant_at(*any_ns), Nanoseconds{*rc::gen::inRange<std::int64_t>(1, 5'000)}};
    const Instant last = instant_at(*any_ns);
    const Instant now = instant_at(*any_ns);
    const Step step = next_deadline(grid, last, now);
    RC_ASSERT((step.deadline - grid.start) % grid.period == 0ns);
    RC_ASSERT(step.deadline > last);
    RC_ASSERT(step.deadline >= now);
    // The missed ones are exactly the moments after `last` that are past.
    const Instant first_missed =
        step.deadline - static_cast<std::int64_t>(step.missed) * grid.period;
    RC_ASSERT(first_missed > last);
    RC_ASSERT(first_missed - grid.period <= last || step.missed == 0U);
    RC_ASSERT(step.missed == 0U || step.deadline - grid.period < now);
    RC_ASSERT(step.deadline - grid.period <= last || step.deadline - grid.period < now);
}

TEST(SlowestStride, IsThePowerOfTwoThatFits) {
    EXPECT_EQ(slowest_stride(20ms, 200ms), 8);
    EXPECT_EQ(slowest_stride(20ms, 160ms), 8);
    EXPECT_EQ(slowest_stride(20ms, 20ms), 1);
    EXPECT_EQ(slowest_stride(20ms, 5ms), 1);
}

constexpr PaceRules rules{.slowest_stride = 8};

Pace after(Pace pace, const std::vector<double>& watts) {
    for (const double w : watts) {
        pace = next_pace(pace, Watts{w}, rules);
    }
    return pace;
}

TEST(NextPace, SteadyPowerIsReadMoreAndMoreSlowlyDownToTheSlowest) {
    Pace pace = after({}, {100.0});
    std::vector<std::int64_t> strides;
    for (int i = 0; i < 5; ++i) {
        strides.push_back(pace.stride);
        pace = after(pace, std::vector<double>(8, 100.5));
    }
    EXPECT_EQ(strides, (std::vector<std::int64_t>{1, 2, 4, 8, 8}));
}

TEST(NextPace, ARampIsReadAtFullSpeedAtOnce) {
    const Pace slow = after({}, std::vector<double>(100, 100.0));
    ASSERT_EQ(slow.stride, 8);
    EXPECT_EQ(after(slow, {110.0}).stride, 1);
    EXPECT_EQ(after(slow, {90.0}).stride, 1);
}

TEST(NextPace, FullSpeedLastsAsLongAsTheRamp) {
    Pace pace = after({}, std::vector<double>(100, 100.0));
    for (double w = 105.0; w < 700.0; w *= 1.05) {
        pace = after(pace, {w});
        EXPECT_EQ(pace.stride, 1);
    }
}

TEST(NextPace, BetweenTheThresholdsThePaceStays) {
    Pace pace = after({}, std::vector<double>(17, 100.0));
    const std::int64_t stride = pace.stride;
    ASSERT_GT(stride, 1);
    ASSERT_LT(stride, 8);
    for (int i = 0; i < 50; ++i) {
        pace = after(pace, {i % 2 == 0 ? 103.0 : 97.0});
        EXPECT_EQ(pace.stride, stride);
    }
}

TEST(NextPace, ASquareWaveIsNeverSteady) {
    Pace pace = after({}, {150.0});
    for (int i = 0; i < 200; ++i) {
        pace = after(pace, {i % 6 < 3 ? 700.0 : 150.0});
        EXPECT_EQ(pace.stride, 1);
    }
}

TEST(NextPace, NoiseOfAnIdleDeviceIsNoRamp) {
    Pace pace = after({}, {5.0});
    for (int i = 0; i < 100; ++i) {
        pace = after(pace, {i % 2 == 0 ? 5.8 : 4.2});
    }
    EXPECT_EQ(pace.stride, 8);
}

TEST(NextPace, ASlowDriftIsFollowed) {
    Pace pace = after({}, std::vector<double>(100, 100.0));
    for (double w = 100.0; w < 200.0; w += 0.1) {
        pace = after(pace, {w});
        EXPECT_EQ(pace.stride, 8);
    }
}

TEST(NextPace, WithoutPowerTheDeviceIsReadAtFullSpeed) {
    const Pace slow = after({}, std::vector<double>(100, 100.0));
    EXPECT_EQ(next_pace(slow, std::nullopt, rules).stride, 1);
}

} // namespace
} // namespace joulemark::sampler
