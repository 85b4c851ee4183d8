// What the verbs of the command line share: the global options, the clock, the signals, the way to
// print. One for each process; used from the main thread.
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "frontends/cli/signals.hpp"
#include "verbs/context.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::frontends {

struct GlobalOptions {
    bool json = false;
    bool quiet = false;
    std::string store;
    std::uint64_t seed = 1;
};

class Program {
public:
    GlobalOptions options;
    std::vector<std::string> command; // what stood after "--"
    std::function<int()> action;      // of the verb that was chosen

    [[nodiscard]] verbs::Context context();
    // For verbs that keep what they have when they are interrupted: signals reach them through the
    // context.
    [[nodiscard]] verbs::Context interruptible_context();

    // Standard output; exit code `storage` when it cannot be written, else `code`.
    [[nodiscard]] int finish(std::string_view output, int code) const;
    // The message on standard error, with --json the error document on standard output as well.
    [[nodiscard]] int fail_with(const Error& error) const;
    // A remark on standard error, unless --quiet.
    void remark(std::string_view text) const;

private:
    SystemClock clock_;
    Signals signals_;
};

} // namespace joulemark::frontends
