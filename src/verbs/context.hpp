// What every verb needs from the program around it. Verbs hold no state of their own: a request and
// a Context in, a typed result out. They never print and never exit; progress goes through the
// callback.
#pragma once

#include "core/clock.hpp"
#include "device/registry.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace joulemark::verbs {

// Where a long verb is, for a progress line.
struct Progress {
    std::string stage; // "baseline", "lead", "measuring", "tail", "analysing"
    Seconds elapsed{0.0};
    std::optional<Seconds> total;
    std::optional<Watts> power; // newest, summed over devices
    std::uint64_t samples = 0;
};

struct ReceivedSignal {
    int number = 0;
    bool from_terminal = false; // then the terminal has sent it to the command as well
};

struct Context {
    Clock& clock;
    device::Surroundings surroundings;
    std::string store_path; // empty: the default place
    std::uint64_t seed = 1;
    std::function<void(const Progress&)> progress = [](const Progress&) {};
    std::stop_token stop; // requested by the first SIGINT or SIGTERM
    // Signals received since last asked, for passing on to a measured command.
    std::function<std::vector<ReceivedSignal>()> take_signals = [] {
        return std::vector<ReceivedSignal>{};
    };
};

} // namespace joulemark::verbs
