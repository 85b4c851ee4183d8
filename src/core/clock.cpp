#include "core/clock.hpp"

#include <time.h>

#include <algorithm>
#include <iterator>

namespace joulemark {

namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;
// Longest uninterrupted wait, so that a stop request is honoured without a second wake-up path.
constexpr std::int64_t stop_check_ns = 50'000'000;

std::int64_t read_clock(clockid_t id) {
    timespec t{};
    clock_gettime(id, &t);
    return std::int64_t{t.tv_sec} * ns_per_s + t.tv_nsec;
}

void sleep_to(std::int64_t deadline_ns) {
    timespec t{};
    t.tv_sec = deadline_ns / ns_per_s;
    t.tv_nsec = deadline_ns % ns_per_s;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
}

} // namespace

WallAnchor Clock::anchor() const {
    const Instant before = now();
    const std::int64_t wall = unix_ns();
    const Instant after = now();
    return {before + (after - before) / 2, wall};
}

Instant SystemClock::now() const { return instant_at(read_clock(CLOCK_MONOTONIC)); }

std::int64_t SystemClock::unix_ns() const { return read_clock(CLOCK_REALTIME); }

bool SystemClock::sleep_until(Instant deadline, std::stop_token stop) {
    const std::int64_t target = count_ns(deadline);
    for (;;) {
        if (stop.stop_requested()) {
            return false;
        }
        const std::int64_t current = count_ns(now());
        if (current >= target) {
            return true;
        }
        sleep_to(stop.stop_possible() ? std::min(target, current + stop_check_ns) : target);
    }
}

ManualClock::ManualClock(Instant start, std::int64_t unix_ns)
    : now_(start), wall_offset_ns_(unix_ns - count_ns(start)) {}

Instant ManualClock::now() const {
    const std::lock_guard lock(mutex_);
    return now_;
}

std::int64_t ManualClock::unix_ns() const {
    const std::lock_guard lock(mutex_);
    return count_ns(now_) + wall_offset_ns_;
}

bool ManualClock::sleep_until(Instant deadline, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    if (auto_advance_ && !stop.stop_requested()) {
        now_ = std::max(now_, deadline);
        changed_.notify_all();
        return true;
    }
    const auto mine = deadlines_.insert(deadline);
    changed_.notify_all();
    const bool reached = changed_.wait(lock, stop, [&] { return now_ >= deadline; });
    deadlines_.erase(mine);
    return reached && !stop.stop_requested();
}

void ManualClock::set(Instant t) {
    const std::lock_guard lock(mutex_);
    now_ = std::max(now_, t);
    changed_.notify_all();
}

void ManualClock::advance(Nanoseconds by) {
    const std::lock_guard lock(mutex_);
    now_ += by;
    changed_.notify_all();
}

void ManualClock::step_wall(Nanoseconds by) {
    const std::lock_guard lock(mutex_);
    wall_offset_ns_ += by.count();
}

void ManualClock::wait_for_sleepers(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
        const auto pending = std::distance(deadlines_.upper_bound(now_), deadlines_.end());
        return static_cast<std::size_t>(pending) >= count;
    });
}

void ManualClock::set_auto_advance(bool on) {
    const std::lock_guard lock(mutex_);
    auto_advance_ = on;
}

} // namespace joulemark
