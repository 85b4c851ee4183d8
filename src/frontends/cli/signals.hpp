// Signals as events: blocked in every thread and received on one of its own, so that no handler
// ever interrupts a measurement. Make one before any other thread exists; there is one for each
// process.
#pragma once

#include "verbs/context.hpp"

#include <atomic>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace joulemark::frontends {

class Signals {
public:
    Signals();
    ~Signals() = default;
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    // From now on signals are events. Before, one that asks us to end ends the process, as if
    // nobody had blocked it.
    void listen() { listening_ = true; }

    // Requested by the first SIGINT, SIGTERM, SIGHUP or SIGQUIT.
    [[nodiscard]] std::stop_token stop() const { return stop_.get_token(); }
    // Received since last asked.
    [[nodiscard]] std::vector<verbs::ReceivedSignal> take();

private:
    void receive_until(const std::stop_token& end);

    std::stop_source stop_;
    std::atomic<bool> listening_ = false;
    std::mutex mutex_;
    std::vector<verbs::ReceivedSignal> received_;
    std::jthread thread_; // last: it uses all of the above
};

} // namespace joulemark::frontends
