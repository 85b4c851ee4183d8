#include "core/clock.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace joulemark {
namespace {

using namespace std::chrono_literals;

TEST(ManualClock, StandsStillUntilTold) {
    ManualClock clock(instant_at(100));
    EXPECT_EQ(clock.now(), instant_at(100));
    EXPECT_EQ(clock.now(), instant_at(100));
    clock.advance(5ns);
    EXPECT_EQ(clock.now(), instant_at(105));
    clock.set(instant_at(1000));
    EXPECT_EQ(clock.now(), instant_at(1000));
}

TEST(ManualClock, NeverGoesBack) {
    ManualClock clock(instant_at(100));
    clock.set(instant_at(50));
    EXPECT_EQ(clock.now(), instant_at(100));
}

TEST(ManualClock, WallClockMovesWithItAndCanBeSteppedAlone) {
    ManualClock clock(instant_at(0), 1'000'000);
    clock.advance(10ns);
    EXPECT_EQ(clock.unix_ns(), 1'000'010);
    clock.step_wall(-1h);
    EXPECT_EQ(clock.unix_ns(), 1'000'010 - Nanoseconds{1h}.count());
    EXPECT_EQ(clock.now(), instant_at(10));
}

TEST(ManualClock, AnchorHoldsBothTimes) {
    ManualClock clock(instant_at(40), 5'000);
    EXPECT_EQ(clock.anchor(), (WallAnchor{instant_at(40), 5'000}));
}

TEST(ManualClock, SleepersWakeInTheOrderOfTheirDeadlines) {
    ManualClock clock;
    std::atomic<int> awake = 0;
    std::jthread early([&](std::stop_token stop) {
        EXPECT_TRUE(clock.sleep_until(instant_at(10), stop));
        ++awake;
    });
    std::jthread late([&](std::stop_token stop) {
        EXPECT_TRUE(clock.sleep_until(instant_at(20), stop));
        ++awake;
    });
    clock.wait_for_sleepers(2);
    clock.set(instant_at(10));
    early.join();
    EXPECT_EQ(awake, 1);
    clock.wait_for_sleepers(1);
    clock.set(instant_at(20));
    late.join();
    EXPECT_EQ(awake, 2);
}

TEST(ManualClock, ManySleepersAllWakeAtOneAdvance) {
    ManualClock clock;
    std::vector<std::jthread> threads;
    std::atomic<int> woken = 0;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i](std::stop_token stop) {
            if (clock.sleep_until(instant_at(1 + i), stop)) {
                ++woken;
            }
        });
    }
    clock.wait_for_sleepers(8);
    clock.advance(100ns);
    for (std::jthread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(woken, 8);
}

TEST(ManualClock, ADeadlineThatHasPassedDoesNotBlock) {
    ManualClock clock(instant_at(100));
    EXPECT_TRUE(clock.sleep_until(instant_at(100), {}));
    EXPECT_TRUE(clock.sleep_until(instant_at(1), {}));
}

TEST(ManualClock, StopWakesASleeperWithoutTheTimeHavingCome) {
    ManualClock clock;
    std::atomic<bool> reached = true;
    std::jthread sleeper(
        [&](std::stop_token stop) { reached = clock.sleep_until(instant_at(10), stop); });
    clock.wait_for_sleepers(1);
    sleeper.request_stop();
    sleeper.join();
    EXPECT_FALSE(reached);
    EXPECT_EQ(clock.now(), instant_at(0));
}

TEST(ManualClock, AutoAdvanceTakesTimeToTheDeadlineByItself) {
    ManualClock clock;
    clock.set_auto_advance(true);
    EXPECT_TRUE(clock.sleep_until(instant_at(30), {}));
    EXPECT_EQ(clock.now(), instant_at(30));
    EXPECT_TRUE(clock.sleep_until(instant_at(20), {}));
    EXPECT_EQ(clock.now(), instant_at(30));
}

TEST(SystemClock, RunsForwardAndReachesItsDeadlines) {
    SystemClock clock;
    const Instant begin = clock.now();
    EXPECT_TRUE(clock.sleep_until(begin + 2ms, {}));
    EXPECT_GE(clock.now(), begin + 2ms);
    EXPECT_GT(clock.unix_ns(), 1'600'000'000'000'000'000);
}

TEST(SystemClock, StopEndsAWaitLongBeforeItsDeadline) {
    SystemClock clock;
    const Instant begin = clock.now();
    std::atomic<bool> reached = true;
    {
        std::jthread sleeper(
            [&](std::stop_token stop) { reached = clock.sleep_until(begin + 1h, stop); });
    }
    EXPECT_FALSE(reached);
    EXPECT_LT(clock.now(), begin + 10min);
}

TEST(SystemClock, DoesNotWaitWhenAlreadyStopped) {
    SystemClock clock;
    std::stop_source source;
    source.request_stop();
    EXPECT_FALSE(clock.sleep_until(clock.now() + 1h, source.get_token()));
}

} // namespace
} // namespace joulemark
