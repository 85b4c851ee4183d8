#include "device/rolling_counter.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace joulemark::device {
namespace {

constexpr Joules range = 262'144_J;

Instant at(Seconds s) { return Instant{} + to_nanoseconds(s); }

TEST(RollingCounter, CountsOnThroughAWrap) {
    RollingCounter counter(RollingLimits::wrapping_at(range));
    EXPECT_EQ(counter.follow(262'100_J, at(0_s)), 262'100_J);
    EXPECT_EQ(counter.follow(56_J, at(1_s)), 262'200_J);
    EXPECT_EQ(counter.follow(156_J, at(2_s)), 262'300_J);
}

TEST(RollingCounter, AResetIsNotTakenForAWrap) {
    RollingCounter counter(RollingLimits::wrapping_at(range));
    (void)counter.follow(1000_J, at(0_s));
    // A wrap would mean 261 kJ within one second.
    EXPECT_EQ(counter.follow(5_J, at(1_s)), 0_J);
    EXPECT_EQ(counter.follow(15_J, at(2_s)), 10_J);
}

TEST(RollingCounter, WithoutAKnownRangeGoingBackwardsIsAReset) {
    RollingCounter counter{RollingLimits{}};
    (void)counter.follow(500_J, at(0_s));
    EXPECT_EQ(counter.follow(499_J, at(1_s)), 0_J);
}

TEST(RollingCounter, APauseThatMayHideAWrapStartsOver) {
    RollingCounter counter(RollingLimits::wrapping_at(range));
    (void)counter.follow(100_J, at(0_s));
    EXPECT_EQ(counter.follow(200_J, at(131_s)), 200_J); // 262144 J / 2000 W = 131.07 s
    EXPECT_EQ(counter.follow(300_J, at(263_s)), 0_J);
    EXPECT_EQ(counter.follow(301_J, at(264_s)), 1_J);
}

TEST(RollingCounter, TheSmallestRaplRangeIsSafeWhenPolledEveryThirtySeconds) {
    // 32 bits of 2^-16 J.
    EXPECT_GE(*RollingLimits::wrapping_at(65'536_J).longest_pause, 30_s);
}

TEST(RollingCounter, AfterALossTheCountStartsOverAlsoWhenTheRegisterIsHigher) {
    RollingCounter counter(RollingLimits::wrapping_at(range));
    (void)counter.follow(100_J, at(0_s));
    counter.start_over();
    EXPECT_EQ(counter.follow(5000_J, at(1_s)), 0_J);
    EXPECT_EQ(counter.follow(5010_J, at(2_s)), 10_J);
}

// For any load below the limit that is polled in time, the differences are those of the true
// energy.
RC_GTEST_PROP(RollingCounter, FollowsAnyLoadThroughAnyNumberOfWraps, ()) {
    const double start = *rc::gen::inRange(0, 262'144);
    const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(1, 130'000), rc::gen::inRange(0, 2000))); // ms, W
    RollingCounter counter(RollingLimits::wrapping_at(range));
    const Joules first = counter.follow(Joules{start}, Instant{});
    double truth = 0.0;
    Instant now{};
    for (const auto& [ms, watts] : steps) {
        now += std::chrono::milliseconds{ms};
        truth += ms * 1e-3 * watts;
        const Joules seen = counter.follow(Joules{std::fmod(start + truth, range.value())}, now);
        RC_ASSERT(std::abs((seen - first).value() - truth) < 1e-6 * (1.0 + truth));
    }
}

} // namespace
} // namespace joulemark::device
