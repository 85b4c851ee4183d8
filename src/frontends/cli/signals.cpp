#include "frontends/cli/signals.hpp"

#include <csignal>
#include <ctime>
#include <utility>

namespace joulemark::frontends {

namespace {

sigset_t received_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) sigaddset(&set, number);
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
        if (number < 0) continue;
        {
            const std::lock_guard lock(mutex_);
            // The kernel sends what a terminal key asks for to the whole foreground group.
            received_.push_back({number, info.si_code == SI_KERNEL});
        }
        if (number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT)
            stop_.request_stop();
    }
}

} // namespace joulemark::frontends
