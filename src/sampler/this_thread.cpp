#include "sampler/this_thread.hpp"

#include "core/units.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <time.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <optional>

namespace joulemark::sampler {

namespace {

void block_signals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

} // namespace

void prepare_sampling_thread(std::size_t device) {
    block_signals();
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    std::array<char, 16> name{}; // the kernel's limit, final zero included
    fmt::format_to_n(name.data(), name.size() - 1, "sample {}", device);
    pthread_setname_np(pthread_self(), name.data());
}

void prepare_drain_thread() {
    block_signals();
    pthread_setname_np(pthread_self(), "drain");
}

std::optional<Seconds> thread_cpu_time() {
    timespec t{};
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0) {
        return std::nullopt;
    }
    return Seconds{static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec)};
}

} // namespace joulemark::sampler
