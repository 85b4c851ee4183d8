// The sampling loop without threads: the clock jumps to each deadline, and calls take as long as
// the script says.
#include "sampler/recorder.hpp"
#include "sampler/scripted_device.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace joulemark::sampler {
namespace {

using namespace std::chrono_literals;
using testing::FastReading;
using testing::ScriptedDevice;
using testing::SlowReading;

class RecorderTest : public ::testing::Test {
protected:
    RecorderTest() {
        clock.set_auto_advance(true);
        options.interval = 10ms;
        options.slow_interval = 100ms;
    }

    // Records for `duration`; scripts see the time since the start as `elapsed()`.
    const SamplingReport& record_for(Nanoseconds duration) {
        stop_at = clock.now() + duration;
        recorder = std::make_unique<Recorder>(
            std::make_unique<StoppingDevice>(*this), options, Grid{start, options.interval}, clock);
        recorder->record(stop.get_token());
        recorder->fast().consume([&](const FastReading& r) { fast.push_back(r); });
        recorder->slow().consume([&](const SlowReading& r) { slow.push_back(r); });
        return recorder->report();
    }

    [[nodiscard]] Nanoseconds elapsed() const { return clock.now() - start; }
    // The times of the readings that were kept, since the start.
    [[nodiscard]] std::vector<Nanoseconds> times() const {
        std::vector<Nanoseconds> all;
        for (const FastReading& reading : fast) {
            all.push_back(reading.time - start);
        }
        return all;
    }

    // Passes calls on to the script, and asks for the stop when the time has come.
    class StoppingDevice final : public device::Device {
    public:
        explicit StoppingDevice(RecorderTest& test) : test_(test) {}
        [[nodiscard]] const DeviceInfo& info() const override { return test_.script.info(); }
        [[nodiscard]] Result<FastReading> read_fast() override {
            ++test_.fast_calls;
            return ended(test_.script.read_fast());
        }
        [[nodiscard]] Result<SlowReading> read_slow() override {
            ++test_.slow_calls;
            return ended(test_.script.read_slow());
        }
        [[nodiscard]] Result<void> reopen() override {
            test_.reopened_at.push_back(test_.elapsed());
            return ended(test_.script.reopen());
        }
        void note_workload(bool active) override { test_.script.note_workload(active); }

    private:
        template <class R> R ended(R result) {
            if (test_.clock.now() >= test_.stop_at) {
                test_.stop.request_stop();
            }
            return result;
        }
        RecorderTest& test_;
    };

    Instant start = instant_at(1'000'000'000);
    ManualClock clock{start};
    Options options;
    ScriptedDevice script{clock};
    std::stop_source stop;
    Instant stop_at;
    std::unique_ptr<Recorder> recorder;
    std::vector<FastReading> fast;
    std::vector<SlowReading> slow;
    std::vector<Nanoseconds> reopened_at;
    int fast_calls = 0;
    int slow_calls = 0;
};

tl::unexpected<Error> no_answer() { return fail(Kind::unavailable, "no answer this time"); }
tl::unexpected<Error> gone() { return fail(Kind::not_found, "the device is gone"); }

TEST_F(RecorderTest, ReadsAtAbsoluteDeadlinesHoweverLongTheCallsTake) {
    script.latency = 4ms;
    const SamplingReport& report = record_for(1s);
    ASSERT_GE(fast.size(), 100U);
    EXPECT_EQ(times()[0], 2ms);
    for (std::size_t i = 1; i < 100; ++i) {
        EXPECT_EQ(times()[i], 10ms * i + 2ms);
    }
    EXPECT_EQ(report.missed_deadlines, 0U);
    EXPECT_EQ(report.gap_count, 0U);
    EXPECT_EQ(report.samples, fast.size());
    EXPECT_EQ(report.lateness_max, 0ns);
    EXPECT_EQ(report.latency_p50, 4ms);
    EXPECT_EQ(report.latency_p99, 4ms);
    ASSERT_TRUE(report.cpu_time);
    EXPECT_GT(*report.cpu_time, 0_s);
}

TEST_F(RecorderTest, BracketsTheRecordingWithAReadingAtBothEnds) {
    script.latency = 1ms;
    record_for(103ms);
    EXPECT_EQ(times().front(), 500us);
    EXPECT_GE(fast.back().time, stop_at);
    EXPECT_EQ(slow.front().time, start + 1ms);
    EXPECT_GE(slow.back().time, stop_at);
}

TEST_F(RecorderTest, ACallLongerThanTheIntervalMissesDeadlinesAndLeavesAGap) {
    script.on_fast = [&](FastReading reading) {
        reading.power = 100_W;
        if (elapsed() == 50ms) {
            clock.advance(44ms); // the deadlines at 60, 70, 80 and 90 ms go by
        }
        return reading;
    };
    const SamplingReport& report = record_for(200ms);
    EXPECT_EQ(report.missed_deadlines, 4U);
    ASSERT_EQ(report.gap_count, 1U);
    EXPECT_EQ(report.gaps[0], (Gap{{start + 50ms, start + 100ms}, GapReason::missed_deadline}));
    EXPECT_EQ(report.gap_total, 50ms);
}

TEST_F(RecorderTest, LatenessIsTheDelayAgainstTheDeadline) {
    class LateClock final : public Clock {
    public:
        explicit LateClock(ManualClock& clock) : clock_(clock) {}
        [[nodiscard]] Instant now() const override { return clock_.now(); }
        [[nodiscard]] std::int64_t unix_ns() const override { return clock_.unix_ns(); }
        bool sleep_until(Instant deadline, std::stop_token token) override {
            const bool reached = clock_.sleep_until(deadline, std::move(token));
            clock_.advance(++wakes_ == 30 ? 25ms : 1ms);
            return reached;
        }

    private:
        ManualClock& clock_;
        int wakes_ = 0;
    };
    LateClock late(clock);
    stop_at = start + 1s;
    Recorder tardy(std::make_unique<StoppingDevice>(*this), options, Grid{start, 10ms}, late);
    tardy.record(stop.get_token());
    EXPECT_EQ(tardy.report().lateness_max, 25ms);
    EXPECT_EQ(tardy.report().missed_deadlines, 2U);
    EXPECT_LE(tardy.report().lateness_p99, 25ms);
    EXPECT_GE(tardy.report().lateness_p99, 1ms);
}

TEST_F(RecorderTest, UnchangedReadingsAreCountedAndKept) {
    script.on_fast = [&](FastReading reading) {
        reading.power = elapsed() < 500ms ? 100_W : 200_W;
        reading.energy_counter = 5_J;
        return reading;
    };
    const SamplingReport& report = record_for(1s);
    EXPECT_EQ(report.samples, 101U);
    EXPECT_EQ(report.unchanged_readings, 99U); // all but the first and the step
}

TEST_F(RecorderTest, TimesAreWholeMicrosecondsAndStrictlyIncreasing) {
    script.latency = 1'234'567ns;
    record_for(200ms);
    ASSERT_GT(fast.size(), 10U);
    for (std::size_t i = 0; i < fast.size(); ++i) {
        EXPECT_EQ(count_ns(fast[i].time) % 1000, 0);
        EXPECT_TRUE(i == 0 || fast[i].time > fast[i - 1].time);
    }
    EXPECT_EQ(times()[0], 617us);
}

TEST_F(RecorderTest, ReadingsThatGoBackInTimeAreRejectedAndCounted) {
    script.on_fast = [&](FastReading reading) {
        reading.power = 100_W;
        if (elapsed() == 50ms) {
            reading.time -= 30ms;
        } else if (elapsed() == 60ms) {
            reading.time = start + 40ms; // that of the last good one
        }
        return reading;
    };
    const SamplingReport& report = record_for(100ms);
    EXPECT_EQ(report.rejected_times, 2U);
    EXPECT_EQ(times(),
              (std::vector<Nanoseconds>{0ms, 10ms, 20ms, 30ms, 40ms, 70ms, 80ms, 90ms, 100ms}));
    EXPECT_EQ(report.gap_count, 0U);
}

TEST_F(RecorderTest, AReadingFromTheFutureDoesNotShutOutTheOnesAfterIt) {
    script.on_fast = [&](FastReading reading) {
        reading.power = 100_W;
        if (elapsed() == 50ms) {
            reading.time += 1h;
        }
        return reading;
    };
    const SamplingReport& report = record_for(100ms);
    EXPECT_EQ(report.rejected_times, 1U);
    EXPECT_EQ(report.samples, 10U);
}

TEST_F(RecorderTest, AFailedReadIsCountedAndTheNextOneIsOnTime) {
    script.on_fast = [&](FastReading reading) -> Result<FastReading> {
        if (elapsed() == 50ms) {
            return no_answer();
        }
        reading.power = 100_W;
        return reading;
    };
    const SamplingReport& report = record_for(100ms);
    EXPECT_EQ(report.failed_reads, 1U);
    EXPECT_EQ(report.missed_deadlines, 0U);
    EXPECT_EQ(report.gap_count, 0U); // 20 ms between good readings is within 3 x 10 ms
    EXPECT_EQ(times()[5], 60ms);
}

TEST_F(RecorderTest, ManyFailedReadsAreAGap) {
    script.on_fast = [&](FastReading reading) -> Result<FastReading> {
        if (elapsed() >= 50ms && elapsed() < 150ms) {
            return no_answer();
        }
        reading.power = 100_W;
        return reading;
    };
    const SamplingReport& report = record_for(300ms);
    EXPECT_EQ(report.failed_reads, 10U);
    ASSERT_EQ(report.gap_count, 1U);
    EXPECT_EQ(report.gaps[0], (Gap{{start + 40ms, start + 150ms}, GapReason::read_failed}));
    EXPECT_EQ(report.times_lost, 0U);
}

TEST_F(RecorderTest, AReadingThatSaysNothingIsAFailedRead) {
    script.on_fast = [&](FastReading reading) {
        if (elapsed() != 50ms) {
            reading.power = 100_W;
        }
        return reading;
    };
    const SamplingReport& report = record_for(100ms);
    EXPECT_EQ(report.failed_reads, 1U);
    EXPECT_EQ(report.samples, 10U);
}

TEST_F(RecorderTest, ALostDeviceIsLookedForEverySecondAndTheGapIsNeverBridged) {
    bool here = true;
    script.on_fast = [&](FastReading reading) -> Result<FastReading> {
        here = here && elapsed() != 200ms;
        if (!here) {
            return gone();
        }
        reading.power = 100_W;
        return reading;
    };
    script.on_reopen = [&]() -> Result<void> {
        if (elapsed() < 3s) {
            return gone();
        }
        here = true;
        return {};
    };
    const SamplingReport& report = record_for(4s);
    EXPECT_EQ(reopened_at, (std::vector<Nanoseconds>{1200ms, 2200ms, 3200ms}));
    EXPECT_EQ(report.times_lost, 1U);
    EXPECT_EQ(report.failed_reads, 1U);
    EXPECT_EQ(report.missed_deadlines, 0U);
    EXPECT_FALSE(report.still_lost);
    ASSERT_EQ(report.gap_count, 1U);
    EXPECT_EQ(report.gaps[0], (Gap{{start + 190ms, start + 3200ms}, GapReason::device_lost}));
    EXPECT_EQ(times()[19], 190ms);
    EXPECT_EQ(times()[20], 3200ms);
    EXPECT_EQ(times()[21], 3210ms);
    EXPECT_EQ(fast.size(), 20U + 81U);
}

TEST_F(RecorderTest, ADeviceThatIsFoundButDoesNotAnswerIsStillLost) {
    script.on_fast = [&](FastReading reading) -> Result<FastReading> {
        if (elapsed() >= 100ms && elapsed() < 2500ms) {
            return gone();
        }
        reading.power = 100_W;
        return reading;
    };
    const SamplingReport& report = record_for(4s);
    EXPECT_EQ(reopened_at.size(), 3U);
    EXPECT_EQ(report.times_lost, 1U);
    EXPECT_EQ(report.gaps[0].window.end, start + 3100ms);
}

TEST_F(RecorderTest, EachLossIsCounted) {
    script.on_fast = [&](FastReading reading) -> Result<FastReading> {
        if (elapsed() == 100ms || elapsed() == 1500ms) {
            return gone();
        }
        reading.power = 100_W;
        return reading;
    };
    const SamplingReport& report = record_for(4s);
    EXPECT_EQ(report.times_lost, 2U);
    ASSERT_EQ(report.gap_count, 2U);
    EXPECT_EQ(report.gaps[1], (Gap{{start + 1490ms, start + 2500ms}, GapReason::device_lost}));
}

TEST_F(RecorderTest, StoppingWhileTheDeviceIsLostEndsTheGap) {
    script.on_fast = [&](FastReading reading) -> Result<FastReading> {
        if (elapsed() >= 100ms) {
            return gone();
        }
        reading.power = 100_W;
        return reading;
    };
    script.on_reopen = [] { return gone(); };
    const SamplingReport& report = record_for(3s);
    EXPECT_TRUE(report.still_lost);
    EXPECT_TRUE(recorder->lost());
    ASSERT_EQ(report.gap_count, 1U);
    EXPECT_EQ(report.gaps[0].reason, GapReason::device_lost);
    EXPECT_EQ(report.gaps[0].window.begin, start + 90ms);
    EXPECT_EQ(report.gaps[0].window.end, clock.now());
    EXPECT_EQ(fast.size(), 10U);
}

TEST_F(RecorderTest, ADeviceThatComesBackBeforeTheStopGivesALastReading) {
    script.on_fast = [&](FastReading reading) -> Result<FastReading> {
        if (elapsed() >= 100ms && elapsed() < 3s) {
            return gone();
        }
        reading.power = 100_W;
        return reading;
    };
    int attempts = 0;
    script.on_reopen = [&]() -> Result<void> {
        if (++attempts < 4) {
            if (attempts == 3) {
                stop.request_stop();
                clock.advance(1ms);
            }
            return gone();
        }
        return {};
    };
    const SamplingReport& report = record_for(10s);
    EXPECT_EQ(attempts, 4);
    EXPECT_FALSE(report.still_lost);
    EXPECT_EQ(times().back(), 3101ms);
}

TEST_F(RecorderTest, ADeviceLostAtTheStartIsLookedFor) {
    script.on_fast = [&](FastReading reading) -> Result<FastReading> {
        if (elapsed() < 2s) {
            return gone();
        }
        reading.power = 100_W;
        return reading;
    };
    const SamplingReport& report = record_for(3s);
    EXPECT_FALSE(recorder->problem());
    EXPECT_EQ(report.times_lost, 1U);
    ASSERT_EQ(report.gap_count, 1U);
    EXPECT_EQ(report.gaps[0].window, (Window{start, start + 2s}));
    EXPECT_EQ(times().front(), 2s);
}

TEST_F(RecorderTest, ADeviceThatCannotBeReadIsAskedOnce) {
    script.on_fast = [](FastReading) -> Result<FastReading> {
        return fail(Kind::permission, "reading needs the group 'video'");
    };
    const SamplingReport& report = record_for(1s);
    ASSERT_TRUE(recorder->problem());
    EXPECT_EQ(recorder->problem()->kind, Kind::permission);
    EXPECT_EQ(recorder->state(), Recorder::State::finished);
    EXPECT_EQ(fast_calls, 1);
    EXPECT_EQ(slow_calls, 0);
    EXPECT_EQ(report.samples, 0U);
    EXPECT_EQ(report.failed_reads, 1U);
}

TEST_F(RecorderTest, AFirstReadingThatFailsIsNotTheEnd) {
    script.on_fast = [&](FastReading reading) -> Result<FastReading> {
        if (elapsed() < 55ms) {
            return no_answer();
        }
        reading.power = 100_W;
        return reading;
    };
    const SamplingReport& report = record_for(100ms);
    EXPECT_FALSE(recorder->problem());
    EXPECT_EQ(report.failed_reads, 6U);
    EXPECT_EQ(report.gaps[0], (Gap{{start, start + 60ms}, GapReason::read_failed}));
}

TEST_F(RecorderTest, SlowReadingsFollowFastOnesAtTheirOwnPeriod) {
    script.latency = 1ms;
    script.slow_latency = 6ms;
    const SamplingReport& report = record_for(1s);
    EXPECT_EQ(report.missed_deadlines, 0U); // 1 ms + 6 ms fit into the interval
    ASSERT_GE(slow.size(), 11U);
    for (std::size_t i = 1; i <= 10; ++i) {
        EXPECT_EQ(slow[i].time - start, 100ms * i + 1ms + 3ms);
    }
    EXPECT_EQ(slow_calls, 12); // the first, ten at their period, the last
}

TEST_F(RecorderTest, ASlowCallDelaysTheFastChannelByNoMoreThanItsOwnTime) {
    script.slow_latency = 14ms;
    const SamplingReport& report = record_for(1s);
    // Each one makes the next deadline go by. The one at the start does so too, but nothing was
    // due.
    EXPECT_EQ(report.missed_deadlines, 10U);
    EXPECT_EQ(times()[1], 20ms);
    EXPECT_EQ(times()[9], 100ms);
    EXPECT_EQ(times()[10], 120ms);
    EXPECT_EQ(report.gap_count, 0U);
}

TEST_F(RecorderTest, ASlowChannelThatIsNotOfferedIsAskedForOnce) {
    script.on_slow = [](SlowReading) -> Result<SlowReading> {
        return fail(Kind::unsupported, "no temperature");
    };
    const SamplingReport& report = record_for(1s);
    EXPECT_EQ(slow_calls, 1);
    EXPECT_EQ(report.failed_reads, 0U);
    EXPECT_EQ(report.samples, 101U);
}

TEST_F(RecorderTest, ASlowReadingCanFindThatTheDeviceIsGone) {
    script.on_slow = [&](SlowReading reading) -> Result<SlowReading> {
        if (elapsed() == 200ms) {
            return gone();
        }
        reading.temperature = Celsius{50.0};
        return reading;
    };
    const SamplingReport& report = record_for(2s);
    EXPECT_EQ(report.times_lost, 1U);
    EXPECT_EQ(report.gaps[0], (Gap{{start + 200ms, start + 1200ms}, GapReason::device_lost}));
}

TEST_F(RecorderTest, SlowReadingsThatGoBackInTimeAreRejected) {
    script.on_slow = [&](SlowReading reading) {
        reading.temperature = Celsius{50.0};
        reading.time = start - 1s;
        return reading;
    };
    const SamplingReport& report = record_for(1s);
    EXPECT_EQ(slow.size(), 1U);
    EXPECT_GE(report.rejected_times, 10U);
}

TEST_F(RecorderTest, AdaptiveReadsSteadyPowerSlowlyAndRampsFast) {
    options.adaptive = true;
    options.adaptive_slowest = 100ms;
    script.on_fast = [&](FastReading reading) {
        reading.power = elapsed() < 5s ? 100_W : 600_W;
        return reading;
    };
    const SamplingReport& report = record_for(10s);
    EXPECT_EQ(report.missed_deadlines, 0U);
    EXPECT_EQ(report.gap_count, 0U);
    EXPECT_LT(report.samples, 200U); // 10 s at 80 ms, two ramps of a few readings
    std::vector<Nanoseconds> after_step;
    for (std::size_t i = 1; i < fast.size(); ++i) {
        EXPECT_LE(fast[i].time - fast[i - 1].time, 80ms);
        EXPECT_EQ((fast[i].time - start) % 10ms, 0ns);
        if (fast[i - 1].time >= start + 5s) {
            after_step.push_back(fast[i].time - fast[i - 1].time);
        }
    }
    ASSERT_GE(after_step.size(), 30U);
    EXPECT_EQ(after_step[0], 10ms);
    EXPECT_EQ(after_step[6], 10ms);
    EXPECT_EQ(after_step.back(), 80ms);
}

TEST_F(RecorderTest, AdaptiveCallsOnlyAStretchBeyondTwiceTheSlowestAGap) {
    options.adaptive = true;
    options.adaptive_slowest = 100ms;
    script.on_fast = [&](FastReading reading) -> Result<FastReading> {
        if ((elapsed() >= 1s && elapsed() < 1150ms) || (elapsed() >= 2s && elapsed() < 2500ms)) {
            return no_answer();
        }
        reading.power = 100_W;
        return reading;
    };
    const SamplingReport& report = record_for(4s);
    ASSERT_EQ(report.gap_count, 1U);
    EXPECT_GE(report.gaps[0].window.end, start + 2500ms);
}

TEST_F(RecorderTest, AdaptiveTriesAgainAtFullSpeedAfterAFailure) {
    options.adaptive = true;
    std::vector<Nanoseconds> failed_at;
    script.on_fast = [&](FastReading reading) -> Result<FastReading> {
        if (elapsed() >= 1s && failed_at.size() < 4) {
            failed_at.push_back(elapsed());
            return no_answer();
        }
        reading.power = 100_W;
        return reading;
    };
    record_for(2s);
    ASSERT_EQ(failed_at.size(), 4U);
    EXPECT_EQ(failed_at[3] - failed_at[0], 30ms);
}

TEST_F(RecorderTest, AdaptiveTurnsToFullSpeedWhenWorkBegins) {
    options.adaptive = true;
    script.on_fast = [&](FastReading reading) {
        if (elapsed() >= 2s) {
            recorder->note_workload(true);
        }
        reading.power = 100_W;
        return reading;
    };
    record_for(3s);
    std::size_t first = 0;
    while (times()[first] < 2s) {
        ++first;
    }
    EXPECT_EQ(times()[first + 2] - times()[first + 1], 10ms);
}

TEST_F(RecorderTest, TheDeviceHearsOfEveryBeginningAndEndInOrder) {
    std::vector<std::pair<Nanoseconds, bool>> heard;
    script.on_workload = [&](bool active) { heard.emplace_back(elapsed(), active); };
    script.on_fast = [&](FastReading reading) {
        reading.power = 100_W;
        if (elapsed() == 50ms) {
            recorder->note_workload(false); // nothing was going on
            recorder->note_workload(true);
            recorder->note_workload(true);
        }
        if (elapsed() == 80ms) {
            recorder->note_workload(false);
            recorder->note_workload(true);
            recorder->note_workload(false);
        }
        return reading;
    };
    record_for(200ms);
    const std::vector<std::pair<Nanoseconds, bool>> expected{
        {60ms, true}, {90ms, false}, {90ms, true}, {90ms, false}};
    EXPECT_EQ(heard, expected);
}

TEST_F(RecorderTest, WhatDoesNotFitIntoTheRingIsCountedAsMissedAndLeavesAGap) {
    options.ring_capacity = 16;
    script.on_fast = [&](FastReading reading) {
        reading.power = 100_W;
        if (elapsed() == 300ms) { // the reader comes late
            recorder->fast().consume([&](const FastReading& r) { fast.push_back(r); });
            recorder->slow().consume([](const SlowReading&) {});
        }
        return reading;
    };
    const SamplingReport& report = record_for(400ms);
    EXPECT_EQ(report.missed_deadlines, 14U); // 160 ms .. 290 ms
    EXPECT_EQ(report.samples, fast.size());
    ASSERT_EQ(report.gap_count, 1U);
    EXPECT_EQ(report.gaps[0], (Gap{{start + 150ms, start + 300ms}, GapReason::missed_deadline}));
}

TEST_F(RecorderTest, AnAbandonedRecorderLeavesWithoutAnotherCall) {
    script.on_fast = [&](FastReading reading) {
        reading.power = 100_W;
        if (elapsed() == 50ms) {
            recorder->abandon();
        }
        return reading;
    };
    record_for(10s);
    EXPECT_EQ(recorder->state(), Recorder::State::abandoned);
    EXPECT_EQ(fast_calls, 6);
}

} // namespace
} // namespace joulemark::sampler
