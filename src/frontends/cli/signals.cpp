#include "frontends/cli/signals.hpp"

#include <unistd.h>

#include <csignal>
#include <ctime>
#include <utility>

namespace joulemark::frontends {

namespace {

constexpr int shell_signal_base = 128;

sigset_t received_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) {
        sigaddset(&set, number);
    }
    return set;
}

// Before the thread starts, so that it and all later ones inherit the mask.
std::stop_source block_signals() {
    const sigset_t set = received_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN); // a closed pipe is a failed write
    std::signal(SIGXFSZ, SIG_IGN); // so is a file that may not grow
    return {};
}

} // namespace

Signals::Signals()
    : stop_(block_signals()), thread_([this](const std::stop_token& end) { receive_until(end); }) {}

std::vector<verbs::ReceivedSignal> Signals::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(received_, {});
}

void Signals::receive_until(const std::stop_token& end) {
    const sigset_t set = received_signals();
    constexpr timespec check_for_end{0, 20'000'000};
    while (!end.stop_requested()) {
        siginfo_t info{};
        const int number = sigtimedwait(&set, &info, &check_for_end);
        if (number < 0) {
            continue;
        }
        const bool asks_to_end =
            number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT;
        // The store survives this at any moment, and a verb that does not listen has nothing else
        // to lose.
        if (asks_to_end && !listening_) {
            _exit(shell_signal_base + number);
        }
        {
            const std::lock_guard lock(mutex_);
            // The kernel sends what a terminal key asks for to the whole foreground group.
            received_.push_back({number, info.si_code == SI_KERNEL});
        }
        if (asks_to_end) {
            stop_.request_stop();
        }
    }
}

} // namespace joulemark::frontends
