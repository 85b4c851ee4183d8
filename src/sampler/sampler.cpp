#include "sampler/sampler.hpp"

#include "core/clock.hpp"
#include "core/device_info.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"
#include "device/device.hpp"
#include "sampler/batch.hpp"
#include "sampler/recorder.hpp"
#include "sampler/schedule.hpp"
#include "sampler/this_thread.hpp"
#include "sampler/wall_watch.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace joulemark::sampler {

namespace {

constexpr Nanoseconds shortest_interval = std::chrono::microseconds{100};
constexpr Nanoseconds longest_interval = std::chrono::hours{1};
constexpr std::size_t largest_ring = std::size_t{1} << 24U;

Result<void> check_interval(Nanoseconds interval, std::string_view name) {
    if (interval < shortest_interval || interval > longest_interval) {
        return fail(Kind::invalid_argument,
                    fmt::format("the {} of {} s is outside 100 µs .. 1 h; choose one inside",
                                name,
                                to_seconds(interval).value()));
    }
    return {};
}

Result<void> check_ring(const Options& options) {
    const auto due = static_cast<std::size_t>(2 * (options.drain_interval / options.interval));
    if (options.ring_capacity < due || options.ring_capacity > largest_ring) {
        return fail(Kind::invalid_argument,
                    fmt::format("a ring of {} readings cannot serve {} readings between two drains;"
                                " choose a ring of {} .. {} readings or a shorter drain interval",
                                options.ring_capacity,
                                due / 2,
                                due,
                                largest_ring));
    }
    return {};
}

Result<void> check(const Options& options) {
    return check_interval(options.interval, "sampling interval")
        .and_then([&] { return check_interval(options.slow_interval, "slow interval"); })
        .and_then([&] { return check_interval(options.drain_interval, "drain interval"); })
        .and_then([&]() -> Result<void> {
            if (options.adaptive && options.adaptive_slowest < options.interval) {
                return fail(Kind::invalid_argument,
                            "the slowest adaptive interval is shorter than the sampling interval; "
                            "choose a longer one");
            }
            return check_interval(options.adaptive_slowest, "slowest adaptive interval");
        })
        .and_then([&] { return check_ring(options); });
}

// Everything about one device. The recorder is shared with its thread, which may outlive the
// sampler when the driver does not return from a call.
struct Line {
    std::shared_ptr<Recorder> recorder;
    std::jthread thread;
    // Of the drain thread:
    Batch batch;
    Snapshot snapshot; // guarded by the sampler's mutex
};

class ThreadedSampler final : public Sampler {
public:
    ThreadedSampler(std::vector<std::unique_ptr<device::Device>> devices,
                    const Options& options,
                    Clock& clock,
                    SampleSink& sink);
    ~ThreadedSampler() override { halt(); }

    // Starts the sampling threads and waits for their first readings.
    [[nodiscard]] Result<void> begin();

    [[nodiscard]] std::vector<Snapshot> snapshot() const override;
    [[nodiscard]] const std::vector<DeviceInfo>& devices() const override { return infos_; }
    [[nodiscard]] bool failed() const override { return failed_; }
    void note_workload(bool active) override;
    [[nodiscard]] Result<std::vector<SamplingReport>> stop() override;

private:
    void halt();
    void drain_until(const std::stop_token& stop);
    void collect();
    void deliver();
    void give_up_on_the_silent();
    void stop_recording();
    [[nodiscard]] SamplingReport report_of(const Line& line) const;

    Options options_;
    Clock& clock_;
    SampleSink& sink_;
    WallWatch wall_;
    std::vector<DeviceInfo> infos_;
    std::vector<Line> lines_;
    mutable std::mutex mutex_;
    std::atomic<bool> failed_{false};
    std::optional<Error> sink_error_;
    std::atomic<Instant> patience_ends_{Instant::max()};
    bool stopped_ = false;
    std::jthread drain_;
};

Grid grid_of(std::size_t index, std::size_t count, const Options& options, Instant start) {
    if (!options.spread) {
        return {start, options.interval};
    }
    const auto i = static_cast<std::int64_t>(index);
    return {start + i * options.interval / static_cast<std::int64_t>(count), options.interval};
}

ThreadedSampler::ThreadedSampler(std::vector<std::unique_ptr<device::Device>> devices,
                                 const Options& options,
                                 Clock& clock,
                                 SampleSink& sink)
    : options_(options), clock_(clock), sink_(sink), wall_(clock), lines_(devices.size()) {
    const Instant start = clock.now();
    for (std::size_t i = 0; i < devices.size(); ++i) {
        infos_.push_back(devices[i]->info());
        lines_[i].recorder = std::make_shared<Recorder>(
            std::move(devices[i]), options, grid_of(i, lines_.size(), options, start), clock);
    }
}

Result<void> ThreadedSampler::begin() {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        lines_[i].thread = std::jthread([i, recorder = lines_[i].recorder](std::stop_token stop) {
            prepare_sampling_thread(i);
            recorder->record(std::move(stop));
        });
    }
    bool readable = false;
    for (Line& line : lines_) {
        line.recorder->wait_while(Recorder::State::starting);
        line.snapshot.problem = line.recorder->problem();
        readable = readable || !line.snapshot.problem;
    }
    if (!readable) {
        return tl::unexpected(*lines_.front().snapshot.problem);
    }
    collect();
    drain_ = std::jthread([this](const std::stop_token& stop) {
        prepare_drain_thread();
        drain_until(stop);
    });
    return {};
}

std::vector<Snapshot> ThreadedSampler::snapshot() const {
    const std::lock_guard lock(mutex_);
    std::vector<Snapshot> all;
    all.reserve(lines_.size());
    for (const Line& line : lines_) {
        all.push_back(line.snapshot);
    }
    return all;
}

void ThreadedSampler::note_workload(bool active) {
    for (Line& line : lines_) {
        line.recorder->note_workload(active);
    }
}

void ThreadedSampler::drain_until(const std::stop_token& stop) {
    const Grid grid{clock_.now(), options_.drain_interval};
    Instant deadline = grid.moment(1);
    while (clock_.sleep_until(deadline, stop)) {
        collect();
        deliver();
        wall_.look();
        give_up_on_the_silent();
        deadline = next_deadline(grid, deadline, clock_.now()).deadline;
    }
    collect();
    deliver();
    wall_.look();
}

// Empties the rings into the batches and shows the newest readings.
void ThreadedSampler::collect() {
    for (Line& line : lines_) {
        std::optional<device::FastReading> fast;
        std::optional<device::SlowReading> slow;
        std::uint64_t count = 0;
        line.recorder->fast().consume([&](const device::FastReading& reading) {
            line.batch.add(reading);
            fast = reading;
            ++count;
        });
        line.recorder->slow().consume([&](const device::SlowReading& reading) {
            line.batch.add(reading);
            slow = reading;
        });
        const std::lock_guard lock(mutex_);
        line.snapshot.fast = fast ? fast : line.snapshot.fast;
        line.snapshot.slow = slow ? slow : line.snapshot.slow;
        line.snapshot.samples += count;
        line.snapshot.lost = line.recorder->lost();
    }
}

void ThreadedSampler::deliver() {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        Batch& batch = lines_[i].batch;
        if (!batch.empty() && !failed_) {
            batch.complete();
            const Result<void> accepted = sink_.accept(i, batch.fast(), batch.slow());
            if (!accepted) {
                sink_error_ = accepted.error();
                failed_ = true;
                stop_recording();
            }
        }
        batch.clear();
    }
}

void ThreadedSampler::stop_recording() {
    for (Line& line : lines_) {
        line.thread.request_stop();
    }
}

void ThreadedSampler::give_up_on_the_silent() {
    if (clock_.now() < patience_ends_.load()) {
        return;
    }
    for (Line& line : lines_) {
        line.recorder->abandon();
    }
}

// The samples of all devices are with the sink, or never will be, when this returns.
void ThreadedSampler::halt() {
    patience_ends_ = clock_.now() + options_.patience;
    stop_recording();
    for (Line& line : lines_) {
        if (!line.thread.joinable()) {
            continue;
        }
        if (line.recorder->wait_while(Recorder::State::recording) == Recorder::State::finished) {
            line.thread.join();
        } else {
            line.thread.detach();
        }
    }
    drain_ = {}; // asks it to stop and waits for its last drain
}

Result<std::vector<SamplingReport>> ThreadedSampler::stop() {
    if (stopped_) {
        return fail(Kind::invalid_argument, "the recording has been stopped before; stop it once");
    }
    stopped_ = true;
    halt();
    if (sink_error_) {
        return tl::unexpected(*sink_error_);
    }
    std::vector<SamplingReport> reports;
    for (const Line& line : lines_) {
        reports.push_back(report_of(line));
    }
    return reports;
}

SamplingReport ThreadedSampler::report_of(const Line& line) const {
    SamplingReport report;
    if (line.recorder->state() == Recorder::State::finished) {
        report = line.recorder->report();
    } else {
        // Its thread still owns the account; what has arrived here is known.
        report.samples = line.snapshot.samples;
        report.times_lost = 1;
        report.still_lost = true;
        if (line.snapshot.fast) {
            report.add_gap({{line.snapshot.fast->time, clock_.now()}, GapReason::device_lost});
        }
    }
    report.wall_step = wall_.largest_move();
    return report;
}

} // namespace

Result<std::unique_ptr<Sampler>> Sampler::start(
    std::vector<std::unique_ptr<device::Device>> devices,
    const Options& options,
    Clock& clock,
    SampleSink& sink) {
    if (devices.empty()) {
        return fail(Kind::invalid_argument, "there is no device to measure; name at least one");
    }
    if (auto ok = check(options); !ok) {
        return tl::unexpected(ok.error());
    }
    auto sampler = std::make_unique<ThreadedSampler>(std::move(devices), options, clock, sink);
    if (auto ok = sampler->begin(); !ok) {
        return tl::unexpected(ok.error());
    }
    return sampler;
}

} // namespace joulemark::sampler
