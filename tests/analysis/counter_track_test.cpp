#include "analysis/counter_track.hpp"
#include "core/random.hpp"
#include "core/trace.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace joulemark::analysis {
namespace {

Instant at_ms(double ms) { return instant_at(static_cast<std::int64_t>(std::llround(ms * 1e6))); }

struct Polls {
    std::vector<Instant> time;
    std::vector<double> joules;
};

// A counter that advances `watts * tick` at phase + k * tick, polled every `poll_ms`.
Polls polled_counter(
    double tick_ms, double phase_ms, double poll_ms, double length_ms, double watts = 400.0) {
    Polls out;
    for (double t = 0.0; t <= length_ms; t += poll_ms) {
        out.time.push_back(at_ms(t));
        const double ticks = std::floor((t - phase_ms) / tick_ms);
        out.joules.push_back(1000.0 + watts * tick_ms * 1e-3 * ticks);
    }
    return out;
}

TEST(CounterTrack, EveryChangeIsATickBracketedByItsPolls) {
    const std::vector<Instant> time{at_ms(0), at_ms(20), at_ms(40), at_ms(60)};
    const std::vector<double> joules{5.0, 5.0, 9.0, 9.0};
    const CounterTrack track = track_counter(time, joules, {});
    ASSERT_EQ(track.ticks.size(), 1U);
    EXPECT_EQ(track.ticks[0].before, at_ms(20));
    EXPECT_EQ(track.ticks[0].after, at_ms(40));
    EXPECT_DOUBLE_EQ(track.ticks[0].joules, 4.0);
    EXPECT_EQ(track.readings, 4U);
    EXPECT_FALSE(track.median_spacing.has_value());
}

TEST(CounterTrack, ADocumentedTickNarrowsBracketsOfSlowPolls) {
    const std::vector<Instant> time{at_ms(0), at_ms(500)};
    const std::vector<double> joules{0.0, 9.0};
    const CounterTrack track = track_counter(time, joules, Seconds{0.1});
    ASSERT_EQ(track.ticks.size(), 1U);
    EXPECT_EQ(track.ticks[0].before, at_ms(400));
}

TEST(CounterTrack, MissingReadingsAreSkippedAndNotTakenForZero) {
    const std::vector<Instant> time{at_ms(0), at_ms(20), at_ms(40)};
    const std::vector<double> joules{7.0, missing_reading, 9.0};
    const CounterTrack track = track_counter(time, joules, {});
    ASSERT_EQ(track.ticks.size(), 1U);
    EXPECT_EQ(track.ticks[0].before, at_ms(0));
    EXPECT_TRUE(track.resets.empty());
}

TEST(CounterTrack, ACounterThatGoesBackwardsIsAResetAndItsCurveNeverFalls) {
    const std::vector<Instant> time{at_ms(0), at_ms(20), at_ms(40), at_ms(60)};
    const std::vector<double> joules{100.0, 104.0, 1.0, 3.0};
    const CounterTrack track = track_counter(time, joules, {});
    ASSERT_EQ(track.resets.size(), 1U);
    EXPECT_EQ(track.resets[0], (Window{at_ms(20), at_ms(40)}));
    EXPECT_TRUE(track.has_reset_in({at_ms(0), at_ms(60)}));
    EXPECT_FALSE(track.has_reset_in({at_ms(40), at_ms(60)}));
    ASSERT_EQ(track.ticks.size(), 2U);
    EXPECT_DOUBLE_EQ(track.ticks[1].joules, 6.0);
}

TEST(FitGrid, FindsPhaseAndPeriodWithinWhatTheBracketsAllow) {
    const Polls polls = polled_counter(100.0, 37.0, 7.0, 3000.0);
    const CounterTrack track = track_counter(polls.time, polls.joules, {});
    const auto grid = fit_grid(track.ticks, {});
    ASSERT_TRUE(grid.has_value());
    EXPECT_NEAR(grid->period.value(), 0.1, grid->period_half_range.value() + 1e-9);
    EXPECT_LT(grid->period_half_range.value(), 0.0004);
    const double phase_ms = std::fmod(static_cast<double>(count_ns(grid->origin)) * 1e-6, 100.0);
    EXPECT_NEAR(phase_ms, 37.0, 2.0);
}

TEST(FitGrid, PrefersADocumentedTickThatTheBracketsAllow) {
    const Polls polls = polled_counter(100.0, 37.0, 20.0, 1500.0);
    const CounterTrack track = track_counter(polls.time, polls.joules, {});
    EXPECT_DOUBLE_EQ(fit_grid(track.ticks, Seconds{0.1})->period.value(), 0.1);
    EXPECT_NE(fit_grid(track.ticks, Seconds{0.13})->period.value(), 0.13);
}

TEST(FitGrid, ADriverThatTicksIrregularlyHasNoGrid) {
    const RandomStream random(3, 0);
    Polls polls;
    double next_tick = 50.0;
    double joules = 0.0;
    for (double t = 0.0; t < 4000.0; t += 5.0) {
        while (next_tick <= t) {
            joules += 40.0;
            next_tick += 60.0 + 80.0 * random.uniform(static_cast<std::uint64_t>(next_tick));
        }
        polls.time.push_back(at_ms(t));
        polls.joules.push_back(joules);
    }
    const CounterTrack track = track_counter(polls.time, polls.joules, {});
    EXPECT_FALSE(fit_grid(track.ticks, {}).has_value());
}

TEST(FitGrid, FewerThanFourTicksAreNoGrid) {
    const Polls polls = polled_counter(100.0, 37.0, 10.0, 290.0);
    const CounterTrack track = track_counter(polls.time, polls.joules, {});
    ASSERT_EQ(track.ticks.size(), 3U);
    EXPECT_FALSE(fit_grid(track.ticks, Seconds{0.1}).has_value());
}

RC_GTEST_PROP(FitGrid, EveryTrueTickLiesWithinTheHalfRanges, ()) {
    const double tick = *rc::gen::inRange(30, 200);
    const double poll = *rc::gen::inRange(3, 15);
    const double phase = *rc::gen::inRange(1, 30);
    const Polls polls = polled_counter(tick, phase, poll, 40.0 * tick);
    const CounterTrack track = track_counter(polls.time, polls.joules, {});
    const auto grid = fit_grid(track.ticks, {});
    RC_ASSERT(grid.has_value());
    for (int k = -5; k <= 5; ++k) {
        const double t =
            static_cast<double>(count_ns(grid->origin)) * 1e-6 + k * grid->period.value() * 1e3;
        const double distance = std::abs(std::remainder(t - phase, tick));
        const double allowed = (grid->origin_half_range.value() +
                                (std::abs(k) + 20.0) * grid->period_half_range.value()) *
                               1e3;
        RC_ASSERT(distance <= allowed + 1e-3);
    }
}

} // namespace
} // namespace joulemark::analysis
