// Reads one device at its deadlines and keeps account of how that went: the body of a sampling
// thread, and the two rings through which its readings leave it. The loop neither allocates nor
// locks. `record` runs in the one sampling thread; `fast` and `slow` are consumed by the one drain
// thread; the rest says where it may be called.
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"
#include "device/device.hpp"
#include "sampler/gap_watch.hpp"
#include "sampler/histogram.hpp"
#include "sampler/ring.hpp"
#include "sampler/sampler.hpp"
#include "sampler/schedule.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

namespace joulemark::sampler {

class Recorder {
public:
    // The first reading is taken at once, the next ones at the moments of `grid`.
    Recorder(std::unique_ptr<device::Device> device,
             const Options& options,
             const Grid& grid,
             Clock& clock);

    // Reads until `stop`, then one last time. Returns at once when the device cannot be read.
    void record(std::stop_token stop);

    enum class State { starting, recording, finished, abandoned };
    // Any thread. Waits while the state is `state`; returns the new one.
    State wait_while(State state) const;
    [[nodiscard]] State state() const { return state_.load(); }
    // Any thread: nobody waits for this recorder any more. Nothing happens when it has finished.
    void abandon();

    // Any thread.
    void note_workload(bool active);
    [[nodiscard]] bool lost() const { return lost_.load(std::memory_order_relaxed); }

    [[nodiscard]] Ring<device::FastReading>& fast() { return fast_; }
    [[nodiscard]] Ring<device::SlowReading>& slow() { return slow_; }

    // Why the device cannot be read at all. Any thread, when the state is no longer `starting`.
    [[nodiscard]] const std::optional<Error>& problem() const { return problem_; }
    // Any thread, when the state is `finished`.
    [[nodiscard]] const SamplingReport& report() const { return report_; }

private:
    void begin();
    void run(const std::stop_token& stop);
    void finish();
    void enter(State state);

    void tell_workload();
    Instant read();
    Instant look_again();
    Instant read_slow();
    void take(const Result<device::FastReading>& result, Instant now);
    void keep(const device::FastReading& reading);
    void note_failure(const Error& error, Instant now);
    void plan_next(Instant now);

    // In the order of use: what every reading touches comes first and shares few cache lines.
    std::unique_ptr<device::Device> device_;
    Clock& clock_;
    Instant deadline_;
    Instant slow_deadline_;
    Grid grid_;
    Pace pace_;
    bool adaptive_;
    bool slow_offered_ = true;
    std::atomic<bool> lost_{false};
    std::atomic<State> state_{State::starting};
    std::atomic<std::uint32_t> workload_changes_{0}; // odd: work is going on
    std::uint32_t workload_told_ = 0;
    Instant last_time_ = Instant::min();
    GapWatch gaps_;
    device::FastReading last_;
    SamplingReport report_;
    Ring<device::FastReading> fast_;

    Ring<device::SlowReading> slow_;
    Instant last_slow_time_ = Instant::min();
    Grid slow_grid_;
    Grid reopen_grid_;
    PaceRules pace_rules_;
    DurationHistogram latency_;
    DurationHistogram lateness_;
    std::optional<Error> problem_;
};

} // namespace joulemark::sampler
