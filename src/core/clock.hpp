// The seam between joulemark and time. Whoever needs to know or wait for a moment takes a `Clock&`;
// tests pass a `ManualClock` and never sleep. Clocks are safe to use from several threads and
// outlive everything that holds them.
#pragma once

#include "core/time.hpp"

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <set>
#include <stop_token>

namespace joulemark {

class Clock {
public:
    virtual ~Clock() = default;

    [[nodiscard]] virtual Instant now() const = 0;
    [[nodiscard]] virtual std::int64_t unix_ns() const = 0;

    // Returns true at or after `deadline`, false as soon as `stop` is requested.
    virtual bool sleep_until(Instant deadline, std::stop_token stop) = 0;

    // Both clocks at (nearly) one moment: the wall clock is read between two monotonic reads.
    [[nodiscard]] WallAnchor anchor() const;
};

// CLOCK_MONOTONIC and CLOCK_REALTIME; waits with clock_nanosleep(TIMER_ABSTIME).
// A stop request is noticed within 50 ms.
class SystemClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override;
    [[nodiscard]] std::int64_t unix_ns() const override;
    bool sleep_until(Instant deadline, std::stop_token stop) override;
};

// Time that moves only when told to. Sleepers wake when `advance` or `set` reaches their deadline.
class ManualClock final : public Clock {
public:
    explicit ManualClock(Instant start = {}, std::int64_t unix_ns = 1'700'000'000'000'000'000);

    [[nodiscard]] Instant now() const override;
    [[nodiscard]] std::int64_t unix_ns() const override;
    bool sleep_until(Instant deadline, std::stop_token stop) override;

    void set(Instant t);
    void advance(Nanoseconds by);
    // Moves the wall clock alone, as NTP or a person would.
    void step_wall(Nanoseconds by);
    // Blocks until `count` threads sleep on this clock with deadlines still ahead, so that a test
    // can advance it without a race: whoever has been woken by the advance before is waited for
    // until it sleeps again.
    void wait_for_sleepers(std::size_t count);
    // When on, a sleeper moves the clock to its own deadline instead of waiting: for
    // single-threaded simulations.
    void set_auto_advance(bool on);

private:
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    Instant now_;
    std::int64_t wall_offset_ns_;
    std::multiset<Instant> deadlines_; // of the sleepers
    bool auto_advance_ = false;
};

} // namespace joulemark
