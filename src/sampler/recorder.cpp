#include "sampler/recorder.hpp"

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"
#include "device/device.hpp"
#include "sampler/sampler.hpp"
#include "sampler/schedule.hpp"
#include "sampler/this_thread.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <utility>

namespace joulemark::sampler {

using device::FastReading;
using device::SlowReading;
using std::chrono::microseconds;

namespace {

constexpr Nanoseconds reopen_period = std::chrono::seconds{1};

Instant to_whole_microseconds(Instant t) {
    return Instant{std::chrono::round<microseconds>(t.time_since_epoch())};
}

// Longer without a reading is a gap.
Nanoseconds gap_limit(const Options& options) {
    const Nanoseconds promised = 3 * options.interval;
    return options.adaptive ? std::max(promised, 2 * options.adaptive_slowest) : promised;
}

bool says_nothing(const FastReading& reading) {
    return !reading.power && !reading.energy_counter && !reading.average_power;
}

// A time after now would make all later readings look as if they came too early.
bool is_in_order(Instant last, Instant time, Instant now) {
    return time > last && time <= now + microseconds{1};
}

bool is_unchanged(const FastReading& a, const FastReading& b) {
    return a.power == b.power && a.energy_counter == b.energy_counter;
}

// Room for the slow readings of as long a time as the fast ring holds.
std::size_t slow_capacity(const Options& options) {
    const auto fast_per_slow = std::max<std::int64_t>(options.slow_interval / options.interval, 1);
    return options.ring_capacity / static_cast<std::size_t>(fast_per_slow) + 2;
}

} // namespace

Recorder::Recorder(std::unique_ptr<device::Device> device,
                   const Options& options,
                   const Grid& grid,
                   Clock& clock)
    : device_(std::move(device)), clock_(clock), deadline_(grid.start), slow_deadline_(grid.start),
      grid_(grid), adaptive_(options.adaptive), gaps_(gap_limit(options)),
      fast_(options.ring_capacity), slow_(slow_capacity(options)),
      slow_grid_{grid.start, options.slow_interval}, reopen_grid_{grid.start, reopen_period} {
    pace_rules_.slowest_stride = slowest_stride(options.interval, options.adaptive_slowest);
    report_.gaps.reserve(SamplingReport::max_gaps);
}

void Recorder::record(std::stop_token stop) {
    begin();
    enter(State::recording);
    if (!problem_) {
        run(stop);
    }
    if (state_.load() != State::abandoned) {
        report_.cpu_time = thread_cpu_time();
        enter(State::finished);
    }
}

void Recorder::begin() {
    const Instant start = clock_.now();
    const Result<FastReading> first = device_->read_fast();
    take(first, clock_.now());
    gaps_.begin(to_whole_microseconds(start));
    if (!first && first.error().kind != Kind::unavailable && !lost()) {
        problem_ = first.error();
        return;
    }
    if (!lost()) {
        read_slow();
    }
    deadline_ = clock_.now();
    slow_deadline_ = next_deadline(slow_grid_, deadline_, deadline_).deadline;
    plan_next(deadline_);
}

void Recorder::run(const std::stop_token& stop) {
    while (clock_.sleep_until(deadline_, stop)) {
        const Instant now = lost() ? look_again() : read();
        if (state_.load(std::memory_order_relaxed) == State::abandoned) {
            return;
        }
        plan_next(now);
    }
    finish();
}

// One reading that is due. Returns when it was done, as do the next two.
Instant Recorder::read() {
    lateness_.add(clock_.now() - deadline_);
    tell_workload();
    const Result<FastReading> reading = device_->read_fast();
    const Instant now = clock_.now();
    take(reading, now);
    if (now < slow_deadline_ || lost()) {
        return now;
    }
    slow_deadline_ = next_deadline(slow_grid_, slow_deadline_, now).deadline;
    return read_slow();
}

Instant Recorder::look_again() {
    const Result<void> found = device_->reopen();
    const Instant now = clock_.now();
    if (!found) {
        return now;
    }
    const Result<FastReading> reading = device_->read_fast();
    deadline_ = clock_.now();
    if (reading) {
        lost_.store(false, std::memory_order_relaxed);
        take(reading, deadline_);
    }
    return deadline_;
}

void Recorder::finish() {
    tell_workload();
    const Instant now = to_whole_microseconds(clock_.now());
    if (lost()) {
        look_again();
    } else if (now > last_time_) {
        const Result<FastReading> last = device_->read_fast();
        take(last, clock_.now());
    }
    if (now > last_slow_time_ && !lost()) {
        read_slow();
    }
    if (const auto gap = gaps_.ended(to_whole_microseconds(clock_.now()))) {
        report_.add_gap(*gap);
    }
    report_.still_lost = lost();
    report_.latency_p50 = latency_.quantile(0.50);
    report_.latency_p99 = latency_.quantile(0.99);
    report_.lateness_p99 = lateness_.quantile(0.99);
    report_.lateness_max = lateness_.largest();
}

void Recorder::take(const Result<FastReading>& result, Instant now) {
    if (!result) {
        note_failure(result.error(), now);
        return;
    }
    latency_.add(result->latency);
    FastReading reading = *result;
    reading.time = to_whole_microseconds(reading.time);
    if (says_nothing(reading)) {
        ++report_.failed_reads;
        gaps_.read_failed();
    } else if (!is_in_order(last_time_, reading.time, now)) {
        ++report_.rejected_times;
        gaps_.read_failed();
    } else {
        keep(reading);
    }
}

void Recorder::keep(const FastReading& reading) {
    if (report_.samples != 0 && is_unchanged(reading, last_)) {
        ++report_.unchanged_readings;
    }
    last_ = reading;
    last_time_ = reading.time;
    if (adaptive_) {
        pace_ =
            next_pace(pace_, reading.power ? reading.power : reading.average_power, pace_rules_);
    }
    if (!fast_.push(reading)) {
        ++report_.missed_deadlines;
        return;
    }
    ++report_.samples;
    if (const auto gap = gaps_.kept(reading.time)) {
        report_.add_gap(*gap);
    }
}

Instant Recorder::read_slow() {
    if (!slow_offered_) {
        return clock_.now();
    }
    Result<SlowReading> reading = device_->read_slow();
    const Instant now = clock_.now();
    if (!reading) {
        slow_offered_ = reading.error().kind != Kind::unsupported;
        if (slow_offered_) {
            note_failure(reading.error(), now);
        }
        return now;
    }
    reading->time = to_whole_microseconds(reading->time);
    if (!is_in_order(last_slow_time_, reading->time, now)) {
        ++report_.rejected_times;
        return now;
    }
    last_slow_time_ = reading->time;
    if (!slow_.push(*reading)) {
        ++report_.missed_deadlines;
    }
    return now;
}

void Recorder::note_failure(const Error& error, Instant now) {
    ++report_.failed_reads;
    pace_ = {};
    if (error.kind != Kind::not_found) {
        gaps_.read_failed();
        return;
    }
    gaps_.device_lost();
    ++report_.times_lost;
    lost_.store(true, std::memory_order_relaxed);
    deadline_ = now;
    reopen_grid_.start = now;
}

void Recorder::plan_next(Instant now) {
    if (lost()) {
        deadline_ = next_deadline(reopen_grid_, deadline_, now).deadline;
        return;
    }
    const Grid paced{grid_.start, pace_.stride * grid_.period};
    const Step step = next_deadline(paced, deadline_, now);
    report_.missed_deadlines += step.missed;
    deadline_ = step.deadline;
}

void Recorder::tell_workload() {
    const std::uint32_t changes = workload_changes_.load(std::memory_order_acquire);
    while (workload_told_ != changes) {
        ++workload_told_;
        pace_ = {};
        device_->note_workload(workload_told_ % 2 == 1);
    }
}

void Recorder::note_workload(bool active) {
    std::uint32_t changes = workload_changes_.load(std::memory_order_relaxed);
    while ((changes % 2 == 1) != active && !workload_changes_.compare_exchange_weak(
                                               changes, changes + 1, std::memory_order_release)) {
    }
}

void Recorder::enter(State state) {
    State before = state_.load();
    while (before != State::abandoned && !state_.compare_exchange_weak(before, state)) {
    }
    state_.notify_all();
}

Recorder::State Recorder::wait_while(State state) const {
    state_.wait(state);
    return state_.load();
}

void Recorder::abandon() {
    State before = state_.load();
    while (before != State::finished && !state_.compare_exchange_weak(before, State::abandoned)) {
    }
    state_.notify_all();
}

} // namespace joulemark::sampler
