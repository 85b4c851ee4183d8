// Runs the command whose energy is measured: its standard streams are ours, signals we get are passed on, its exit
// status comes back. One Command at a time; it owns the child until `wait` has returned.
#pragma once

#include "core/result.hpp"
#include "core/time.hpp"
#include "core/clock.hpp"

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

class Command {
public:
    // Starts `argv` (looked up in PATH) with `extra_environment` added to ours. Kind::not_found when there is no such
    // program, Kind::permission when it may not be run; nothing is left behind then.
    [[nodiscard]] static Result<std::unique_ptr<Command>>
    start(const std::vector<std::string>& argv,
          const std::vector<std::pair<std::string, std::string>>& extra_environment, Clock& clock);

    virtual ~Command() = default; // a child that still runs is left running

    [[nodiscard]] virtual Instant started() const = 0;
    // Waits until the child ends or `deadline` passes; nothing in the latter case.
    [[nodiscard]] virtual std::optional<Exit> wait_until(Instant deadline) = 0;
    // Passes a signal on to the child. Safe after it has ended.
    virtual void signal(int number) = 0;
};

} // namespace joulemark::workload
