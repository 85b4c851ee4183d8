#include "analysis/power_track.hpp"
#include "core/trace.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace joulemark::analysis {
namespace {

Instant at_ms(double ms) { return instant_at(static_cast<std::int64_t>(std::llround(ms * 1e6))); }

SensorProfile sensor(double update_ms, double window_ms, double delay_ms) {
    SensorProfile out;
    out.update_period = Seconds{update_ms * 1e-3};
    out.averaging_window = Seconds{window_ms * 1e-3};
    out.delay = Seconds{delay_ms * 1e-3};
    return out;
}

struct Polls {
    std::vector<Instant> time;
    std::vector<double> watts;
};

// A register refreshed every 100 ms at 13 ms with the mean of the last 100 ms of a step from 100 W
// to 300 W at `step_ms`, polled every 20 ms.
Polls polled_step(double step_ms) {
    Polls out;
    for (double t = 0.0; t <= 4000.0; t += 20.0) {
        const double refresh = std::floor((t - 13.0) / 100.0) * 100.0 + 13.0;
        const double high = std::clamp((refresh - step_ms) / 100.0, 0.0, 1.0);
        out.time.push_back(at_ms(t));
        out.watts.push_back(100.0 + 200.0 * high);
    }
    return out;
}

TEST(PowerTrack, TooFewReadingsMakeAnEmptyTrack) {
    EXPECT_TRUE(track_power({}, {}, {}).empty());
    const std::vector<Instant> one{at_ms(0)};
    EXPECT_TRUE(track_power(one, std::vector<double>{100.0}, {}).empty());
    const std::vector<Instant> two{at_ms(0), at_ms(20)};
    EXPECT_TRUE(track_power(two, std::vector<double>{100.0, missing_reading}, {}).empty());
}

TEST(PowerTrack, AConstantReadingIsPowerTimesTimeAndSaysSo) {
    Polls polls;
    for (int i = 0; i <= 100; ++i) {
        polls.time.push_back(at_ms(20.0 * i));
        polls.watts.push_back(250.0);
    }
    const PowerTrack track = track_power(polls.time, polls.watts, sensor(100, 100, 50));
    EXPECT_TRUE(track.constant);
    EXPECT_NEAR(track.energy_until(at_ms(1500)) - track.energy_until(at_ms(500)), 250.0, 1e-9);
}

TEST(PowerTrack, AStepIsPutBackWhereItHappenedAndNotWhereItWasRead) {
    for (const double step_ms : {2000.0, 2013.0, 2040.0, 2077.0}) {
        const Polls polls = polled_step(step_ms);
        const PowerTrack track = track_power(polls.time, polls.watts, sensor(100, 100, 0));
        const double joules = track.energy_until(at_ms(3000)) - track.energy_until(at_ms(1000));
        const double truth = 100.0 * (step_ms - 1000.0) * 1e-3 + 300.0 * (3000.0 - step_ms) * 1e-3;
        // A refresh is seen up to one poll late, 20 ms at a step of 200 W.
        EXPECT_NEAR(joules, truth, 200.0 * 0.011) << step_ms;
    }
}

TEST(PowerTrack, ALongRestBeforeAStepIsNotSpreadOverIt) {
    const Polls polls = polled_step(2013.0);
    const PowerTrack track = track_power(polls.time, polls.watts, sensor(100, 100, 0));
    EXPECT_NEAR(track.energy_until(at_ms(1900)) - track.energy_until(at_ms(500)), 140.0, 1e-6);
}

TEST(PowerTrack, AHoleBetweenReadingsIsMarkedAndNotInvented) {
    Polls polls;
    for (int i = 0; i <= 50; ++i) {
        polls.time.push_back(at_ms(20.0 * i + (i > 25 ? 2000.0 : 0.0)));
        polls.watts.push_back(i % 2 == 0 ? 200.0 : 210.0);
    }
    const PowerTrack track = track_power(polls.time, polls.watts, sensor(20, 20, 0));
    double hole_seconds = 0.0;
    for (std::size_t i = 0; i < track.watts.size(); ++i) {
        if (track.hole[i]) {
            hole_seconds += to_seconds(track.bound[i + 1] - track.bound[i]).value();
        }
    }
    EXPECT_NEAR(hole_seconds, 2.0, 0.05);
}

TEST(PowerTrack, WithoutAProfileTimingIsFoundInTheReadingsAndSaidToBeAssumed) {
    Polls polls;
    for (int i = 0; i < 400; ++i) {
        polls.time.push_back(at_ms(10.0 * i));
        polls.watts.push_back(300.0 + ((i / 10) % 7));
    }
    const PowerTrack track = track_power(polls.time, polls.watts, {});
    EXPECT_TRUE(track.timing.assumed);
    EXPECT_NEAR(track.timing.update_period.value(), 0.1, 1e-9);
}

RC_GTEST_PROP(PowerTrack, TilesLieEndToEndAndTheirEnergyAddsUp, ()) {
    const auto readings = *rc::gen::container<std::vector<int>>(rc::gen::inRange(50, 700));
    RC_PRE(readings.size() >= 2);
    Polls polls;
    double t = 0.0;
    for (const int watts : readings) {
        t += *rc::gen::inRange(5, 400);
        polls.time.push_back(at_ms(t));
        polls.watts.push_back(watts);
    }
    const PowerTrack track = track_power(polls.time, polls.watts, sensor(100, 25, 60));
    RC_ASSERT(track.bound.size() == track.watts.size() + 1);
    double sum = 0.0;
    for (std::size_t i = 0; i < track.watts.size(); ++i) {
        RC_ASSERT(track.bound[i] < track.bound[i + 1]);
        sum += track.watts[i] * to_seconds(track.bound[i + 1] - track.bound[i]).value();
    }
    const Window extent = track.extent();
    RC_ASSERT(std::abs(track.energy_until(extent.end) - sum) <= 1e-9 * (1.0 + std::abs(sum)));
    const Instant middle = extent.begin + extent.length() / 2;
    const double parts = (track.energy_until(middle) - track.energy_until(extent.begin)) +
                         (track.energy_until(extent.end) - track.energy_until(middle));
    RC_ASSERT(std::abs(parts - sum) <= 1e-9 * (1.0 + std::abs(sum)));
}

} // namespace
} // namespace joulemark::analysis
