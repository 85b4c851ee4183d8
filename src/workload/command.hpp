// Runs the command whose energy is measured: its standard streams are ours, signals we get are
// passed on, its exit status comes back. One Command at a time; it owns the child until `wait` has
// returned.
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace joulemark::workload {

// How a command ended, in the shell's convention: its exit code, or 128 + signal.
struct Exit {
    int status = 0;
    bool by_signal = false;
    Instant time; // when it was noticed
};

struct CommandLine {
    std::vector<std::string> argv; // the program is looked up in PATH
    std::vector<std::pair<std::string, std::string>> extra_environment;
    bool output_to_error = false; // what it writes to standard output goes to our standard error
};

class Command {
public:
    // Kind::not_found when there is no such program, Kind::permission when it may not be run;
    // nothing is left behind then.
    [[nodiscard]] static Result<std::unique_ptr<Command>> start(const CommandLine& line,
                                                                Clock& clock);

    virtual ~Command() = default; // a child that still runs is left running

    [[nodiscard]] virtual Instant started() const = 0;
    // Waits until the child ends or `deadline` passes; nothing in the latter case.
    [[nodiscard]] virtual std::optional<Exit> wait_until(Instant deadline) = 0;
    // Passes a signal on to the child. Safe after it has ended.
    virtual void signal(int number) = 0;
};

} // namespace joulemark::workload
