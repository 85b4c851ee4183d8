#include "sampler/wall_watch.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace joulemark::sampler {
namespace {

using namespace std::chrono_literals;

TEST(WallWatch, TimeThatPassesIsNoMove) {
    ManualClock clock;
    WallWatch watch(clock);
    clock.advance(5h);
    watch.look();
    EXPECT_EQ(watch.largest_move(), 0ns);
}

TEST(WallWatch, AStepBackHasItsSign) {
    ManualClock clock;
    WallWatch watch(clock);
    clock.step_wall(-1h);
    watch.look();
    EXPECT_EQ(watch.largest_move(), -1h);
}

TEST(WallWatch, AStepThatIsTakenBackIsRemembered) {
    ManualClock clock;
    WallWatch watch(clock);
    clock.step_wall(3s);
    watch.look();
    clock.step_wall(-3s);
    watch.look();
    clock.step_wall(-2s);
    watch.look();
    EXPECT_EQ(watch.largest_move(), 3s);
}

// Loses the processor between two reads of the clocks, as many times as told.
class InterruptedClock final : public Clock {
public:
    mutable int interruptions = 0;

    [[nodiscard]] Instant now() const override { return clock_.now(); }
    [[nodiscard]] std::int64_t unix_ns() const override {
        const std::int64_t wall = clock_.unix_ns();
        if (interruptions > 0) {
            --interruptions;
            clock_.advance(80ms);
        }
        return wall;
    }
    bool sleep_until(Instant deadline, std::stop_token stop) override {
        return clock_.sleep_until(deadline, std::move(stop));
    }

private:
    mutable ManualClock clock_;
};

TEST(WallWatch, AnInterruptedLookIsNotTakenForAStep) {
    InterruptedClock clock;
    WallWatch watch(clock);
    clock.interruptions = 2;
    watch.look();
    EXPECT_EQ(watch.largest_move(), 0ns);
    clock.interruptions = 100;
    watch.look();
    EXPECT_EQ(watch.largest_move(), 0ns);
}

} // namespace
} // namespace joulemark::sampler
