// The whole sampler with its threads, on a clock that moves only when the test says so.
#include "sampler/sampler.hpp"
#include "sampler/scripted_device.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <future>
#include <latch>
#include <set>
#include <thread>
#include <vector>

namespace joulemark::sampler {
namespace {

using namespace std::chrono_literals;
using testing::FastReading;
using testing::ScriptedDevice;
using testing::SlowReading;

// Keeps everything, and notices what a sink must not see.
class KeepingSink final : public SampleSink {
public:
    std::vector<Columns> fast{8};
    std::vector<Columns> slow{8};
    std::size_t batches = 0;
    std::size_t largest_batch = 0;
    std::set<std::thread::id> callers;
    std::function<Result<void>()> answer = [] { return Result<void>{}; };

    [[nodiscard]] Result<void> accept(std::size_t device,
                                      const Columns& f,
                                      const Columns& s) override {
        EXPECT_FALSE(f.empty() && s.empty());
        ++batches;
        largest_batch = std::max(largest_batch, f.size());
        callers.insert(std::this_thread::get_id());
        if (auto ok = answer(); !ok) {
            return ok;
        }
        fast[device].append(f);
        slow[device].append(s);
        return {};
    }
};

class SamplerTest : public ::testing::Test {
protected:
    SamplerTest() {
        options.interval = 10ms;
        options.slow_interval = 50ms;
        options.drain_interval = 100ms;
    }

    ScriptedDevice& add_device(const std::string& name = "scripted") {
        devices.push_back(std::make_unique<ScriptedDevice>(clock, name));
        return *devices.back();
    }

    Result<void> start() {
        threads = devices.size() + 1;
        std::vector<std::unique_ptr<device::Device>> given;
        for (auto& device : devices) {
            given.push_back(std::move(device));
        }
        auto started = Sampler::start(std::move(given), options, clock, sink);
        if (!started) {
            return tl::unexpected(started.error());
        }
        sampler = std::move(*started);
        return {};
    }

    // Lets time pass interval by interval; all threads have done their work of a moment before the
    // next one.
    void pass(Nanoseconds duration) {
        const Instant end = clock.now() + duration;
        while (clock.now() < end) {
            clock.wait_for_sleepers(threads);
            clock.advance(std::min(options.interval, end - clock.now()));
        }
        clock.wait_for_sleepers(threads);
    }

    Instant begin = instant_at(1'000'000'000);
    ManualClock clock{begin};
    Options options;
    KeepingSink sink;
    std::vector<std::unique_ptr<ScriptedDevice>> devices;
    std::unique_ptr<Sampler> sampler;
    std::size_t threads = 0; // that sleep on the clock
};

TEST_F(SamplerTest, TheFirstReadingHasBeenTakenWhenStartReturns) {
    add_device("a");
    add_device("b");
    ASSERT_TRUE(start());
    const std::vector<Snapshot> now = sampler->snapshot();
    ASSERT_EQ(now.size(), 2U);
    for (const Snapshot& snapshot : now) {
        ASSERT_TRUE(snapshot.fast);
        EXPECT_EQ(snapshot.fast->time, begin);
        EXPECT_EQ(snapshot.fast->power, 100_W);
        ASSERT_TRUE(snapshot.slow);
        EXPECT_EQ(snapshot.slow->temperature, Celsius{40.0});
        EXPECT_EQ(snapshot.samples, 1U);
        EXPECT_FALSE(snapshot.lost);
    }
    EXPECT_EQ(sampler->devices()[1].name, "b");
}

TEST_F(SamplerTest, EveryDeadlineOfEveryDeviceReachesTheSink) {
    for (int i = 0; i < 4; ++i) {
        add_device();
    }
    ASSERT_TRUE(start());
    pass(1s);
    clock.advance(5ms);
    const auto reports = sampler->stop();
    ASSERT_TRUE(reports);
    ASSERT_EQ(reports->size(), 4U);
    for (std::size_t d = 0; d < 4; ++d) {
        const Columns& kept = sink.fast[d];
        ASSERT_EQ(kept.size(), 102U);
        for (std::size_t i = 0; i <= 100; ++i) {
            EXPECT_EQ(kept.time[i], begin + 10ms * i);
        }
        EXPECT_EQ(kept.time.back(), begin + 1005ms); // after the stop was asked for
        EXPECT_EQ((*reports)[d].samples, 102U);
        EXPECT_EQ((*reports)[d].missed_deadlines, 0U);
        EXPECT_EQ((*reports)[d].gap_count, 0U);
        EXPECT_EQ(sink.slow[d].size(), 22U);
        EXPECT_TRUE(Trace::make({}, kept, sink.slow[d], (*reports)[d]));
    }
    EXPECT_EQ(sink.callers.size(), 1U);
}

TEST_F(SamplerTest, SamplesAreAtRiskForOneDrainIntervalOnly) {
    add_device();
    ASSERT_TRUE(start());
    pass(350ms);
    EXPECT_EQ(sampler->snapshot()[0].samples, sink.fast[0].size());
    EXPECT_GE(sink.fast[0].time.back(), begin + 290ms);
}

TEST_F(SamplerTest, SpreadPhasesShareOutTheInterval) {
    for (int i = 0; i < 4; ++i) {
        add_device();
    }
    options.spread = true;
    options.interval = 8ms;
    ASSERT_TRUE(start());
    while (clock.now() < begin + 200ms) {
        clock.wait_for_sleepers(threads);
        clock.advance(1ms);
    }
    ASSERT_TRUE(sampler->stop());
    for (std::size_t d = 0; d < 4; ++d) {
        for (std::size_t i = 1; i + 1 < sink.fast[d].size(); ++i) {
            EXPECT_EQ((sink.fast[d].time[i] - begin) % 8ms, d * 2ms);
        }
        EXPECT_GE(sink.fast[d].size(), 25U);
    }
}

TEST_F(SamplerTest, ADeviceThatCannotBeReadIsNamedAndTheOthersGoOn) {
    add_device("readable");
    add_device("closed").on_fast = [](FastReading) -> Result<FastReading> {
        return fail(Kind::permission, "power needs root");
    };
    ASSERT_TRUE(start());
    threads = 2;
    pass(200ms);
    const std::vector<Snapshot> now = sampler->snapshot();
    EXPECT_FALSE(now[0].problem);
    ASSERT_TRUE(now[1].problem);
    EXPECT_EQ(now[1].problem->message, "power needs root");
    EXPECT_FALSE(now[1].fast);
    const auto reports = sampler->stop();
    ASSERT_TRUE(reports);
    EXPECT_EQ((*reports)[0].samples, 21U);
    EXPECT_EQ((*reports)[1].samples, 0U);
    EXPECT_EQ((*reports)[1].failed_reads, 1U);
    EXPECT_TRUE(sink.fast[1].empty());
}

TEST_F(SamplerTest, WhenNoDeviceCanBeReadStartSaysWhy) {
    for (const char* reason : {"first", "second"}) {
        add_device().on_fast = [reason](FastReading) -> Result<FastReading> {
            return fail(Kind::unsupported, reason);
        };
    }
    const auto started = start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().kind, Kind::unsupported);
    EXPECT_EQ(started.error().message, "first");
}

TEST_F(SamplerTest, RefusesWhatCannotWork) {
    const auto refuses = [&] {
        if (devices.empty()) {
            add_device();
        }
        const auto started = start();
        devices.clear();
        return !started && started.error().kind == Kind::invalid_argument;
    };
    const Options good = options;
    devices.clear();
    EXPECT_EQ(start().error().kind, Kind::invalid_argument);
    options.interval = 99us;
    EXPECT_TRUE(refuses());
    options.interval = 1h + 1ns;
    EXPECT_TRUE(refuses());
    options = good;
    options.slow_interval = 0ns;
    EXPECT_TRUE(refuses());
    options = good;
    options.drain_interval = -1ms;
    EXPECT_TRUE(refuses());
    options = good;
    options.ring_capacity = 19; // two drain intervals are 20 readings
    EXPECT_TRUE(refuses());
    options.ring_capacity = std::size_t{1} << 40U;
    EXPECT_TRUE(refuses());
    options = good;
    options.adaptive = true;
    options.adaptive_slowest = 5ms;
    EXPECT_TRUE(refuses());
    options = good;
    add_device();
    EXPECT_TRUE(start());
}

TEST_F(SamplerTest, AFailingSinkStopsTheRecordingAndItsErrorComesBack) {
    add_device();
    add_device();
    sink.answer = [&]() -> Result<void> {
        if (sink.batches > 4) {
            return fail(Kind::io, "the disk is full");
        }
        return {};
    };
    ASSERT_TRUE(start());
    pass(290ms);
    EXPECT_FALSE(sampler->failed());
    clock.advance(10ms);
    clock.wait_for_sleepers(1); // the drain thread; the sampling threads end
    while (!sampler->failed()) {
        std::this_thread::yield();
    }
    const auto reports = sampler->stop();
    ASSERT_FALSE(reports);
    EXPECT_EQ(reports.error().kind, Kind::io);
    EXPECT_EQ(reports.error().message, "the disk is full");
    EXPECT_EQ(sink.batches, 5U);
}

TEST_F(SamplerTest, ASlowSinkCostsSamplesOnlyWhenTheRingIsFull) {
    add_device();
    options.ring_capacity = 32;
    options.slow_interval = 10s;
    std::latch blocked(1);
    std::latch release(1);
    sink.answer = [&]() -> Result<void> {
        if (sink.batches == 1) {
            blocked.count_down();
            release.wait();
        }
        return {};
    };
    ASSERT_TRUE(start());
    pass(90ms);
    clock.advance(10ms);
    blocked.wait();
    threads = 1; // only the sampling thread sleeps while the sink holds the drain thread
    pass(500ms);
    release.count_down();
    threads = 2;
    pass(100ms);
    const auto reports = sampler->stop();
    ASSERT_TRUE(reports);
    const SamplingReport& report = (*reports)[0];
    EXPECT_GE(report.missed_deadlines, 17U);
    EXPECT_EQ(report.samples, sink.fast[0].size());
    EXPECT_EQ(report.samples + report.missed_deadlines, 71U);
    EXPECT_EQ(report.gap_count, 1U);
    EXPECT_EQ(report.gaps[0].reason, GapReason::missed_deadline);
    EXPECT_LE(sink.largest_batch, 32U + 2U);
}

TEST_F(SamplerTest, AStepOfTheWallClockIsReportedAndChangesNoTime) {
    add_device();
    ASSERT_TRUE(start());
    pass(300ms);
    clock.step_wall(-1h);
    pass(300ms);
    const auto reports = sampler->stop();
    ASSERT_TRUE(reports);
    EXPECT_EQ((*reports)[0].wall_step, -1h);
    EXPECT_EQ((*reports)[0].rejected_times, 0U);
    EXPECT_EQ(sink.fast[0].time.back(), begin + 600ms);
}

TEST_F(SamplerTest, AStopFindsALostDeviceLost) {
    add_device("steady");
    add_device("lost").on_fast = [&](FastReading reading) -> Result<FastReading> {
        if (reading.time >= begin + 50ms) {
            return fail(Kind::not_found, "fell off the bus");
        }
        reading.power = 70_W;
        return reading;
    };
    devices[1]->on_reopen = [] { return fail(Kind::not_found, "still off the bus"); };
    ASSERT_TRUE(start());
    pass(2500ms);
    EXPECT_FALSE(sampler->snapshot()[0].lost);
    EXPECT_TRUE(sampler->snapshot()[1].lost);
    const auto reports = sampler->stop();
    ASSERT_TRUE(reports);
    EXPECT_EQ((*reports)[0].samples, 251U);
    EXPECT_EQ((*reports)[0].gap_count, 0U);
    EXPECT_TRUE((*reports)[1].still_lost);
    EXPECT_EQ((*reports)[1].samples, 5U);
    EXPECT_EQ((*reports)[1].gaps[0].window, (Window{begin + 40ms, begin + 2500ms}));
}

TEST_F(SamplerTest, AMetricThatStopsBeingSaidKeepsItsColumn) {
    add_device().on_fast = [&](FastReading reading) {
        reading.power = 100_W;
        if (reading.time < begin + 30ms) {
            reading.energy_counter = 1_J;
        }
        return reading;
    };
    ASSERT_TRUE(start());
    pass(400ms);
    ASSERT_TRUE(sampler->stop());
    const auto counter = sink.fast[0].values(Metric::energy_counter);
    ASSERT_EQ(counter.size(), sink.fast[0].size());
    EXPECT_EQ(counter[2], 1.0);
    EXPECT_TRUE(std::isnan(counter.back()));
    EXPECT_FALSE(sink.fast[0].has(Metric::average_power));
}

TEST_F(SamplerTest, WorkloadIsToldToAllDevices) {
    std::atomic<int> told = 0;
    for (int i = 0; i < 3; ++i) {
        add_device().on_workload = [&](bool active) { told += active ? 1 : 10; };
    }
    ASSERT_TRUE(start());
    sampler->note_workload(true);
    pass(20ms);
    EXPECT_EQ(told, 3);
    sampler->note_workload(false);
    ASSERT_TRUE(sampler->stop());
    EXPECT_EQ(told, 33);
}

// Counts down when the thread that called `tell_exit_of_this_thread` has come to its end.
void tell_exit_of_this_thread(std::latch& latch) {
    struct Farewell {
        std::latch* latch = nullptr;
        ~Farewell() { latch->count_down(); }
    };
    thread_local Farewell farewell;
    farewell.latch = &latch;
}

TEST_F(SamplerTest, ADriverThatDoesNotReturnHoldsUpNobody) {
    std::latch stuck(1);
    std::latch release(1);
    std::latch steady_has_left(1);
    std::latch silent_has_left(1);
    add_device("steady").on_fast = [&](FastReading reading) {
        tell_exit_of_this_thread(steady_has_left);
        reading.power = 50_W;
        return reading;
    };
    add_device("silent").on_fast = [&](FastReading reading) {
        tell_exit_of_this_thread(silent_has_left);
        reading.power = 100_W;
        if (reading.time == begin + 300ms) {
            stuck.count_down();
            release.wait();
        }
        return reading;
    };
    ASSERT_TRUE(start());
    pass(290ms);
    clock.advance(10ms);
    stuck.wait();
    threads = 2;
    pass(200ms);

    auto stopping = std::async(std::launch::async, [&] { return sampler->stop(); });
    steady_has_left.wait();
    while (stopping.wait_for(0s) != std::future_status::ready) {
        clock.advance(100ms); // the drain thread's patience comes to its end
        std::this_thread::yield();
    }
    const auto reports = stopping.get();
    ASSERT_TRUE(reports);
    EXPECT_EQ((*reports)[0].samples, 51U);
    EXPECT_FALSE((*reports)[0].still_lost);
    const SamplingReport& report = (*reports)[1];
    EXPECT_TRUE(report.still_lost);
    EXPECT_EQ(report.samples, 30U);
    EXPECT_EQ(sink.fast[1].size(), 30U);
    ASSERT_EQ(report.gap_count, 1U);
    EXPECT_EQ(report.gaps[0].reason, GapReason::device_lost);
    EXPECT_EQ(report.gaps[0].window.begin, begin + 290ms);
    sampler.reset();
    release.count_down();
    silent_has_left.wait();
}

TEST_F(SamplerTest, SnapshotsAndNotesAreSafeFromAnyThread) {
    add_device();
    add_device();
    ASSERT_TRUE(start());
    std::jthread reader([&](const std::stop_token& stop) {
        std::uint64_t last = 0;
        while (!stop.stop_requested()) {
            const std::uint64_t samples = sampler->snapshot()[1].samples;
            EXPECT_GE(samples, last);
            EXPECT_FALSE(sampler->failed());
            sampler->note_workload(samples % 2 == 0);
            last = samples;
            std::this_thread::yield();
        }
    });
    pass(2s);
    reader = {};
    EXPECT_TRUE(sampler->stop());
}

TEST_F(SamplerTest, MayBeDestroyedWithoutAStop) {
    add_device();
    ASSERT_TRUE(start());
    pass(150ms);
    sampler.reset();
    EXPECT_GE(sink.fast[0].size(), 16U);
}

TEST_F(SamplerTest, StopsOnce) {
    add_device();
    ASSERT_TRUE(start());
    ASSERT_TRUE(sampler->stop());
    const auto again = sampler->stop();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, Kind::invalid_argument);
}

} // namespace
} // namespace joulemark::sampler
