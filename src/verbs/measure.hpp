// `measure`: records a stretch of time or a wrapped command, and explains it.
#pragma once

#include "analysis/analyse.hpp"
#include "core/result.hpp"
#include "core/run.hpp"
#include "verbs/context.hpp"

#include <optional>
#include <string>
#include <vector>

namespace joulemark::verbs {

struct MeasureRequest {
    std::vector<std::string> devices; // names; empty: the default ones
    std::optional<Seconds> interval;  // empty: as the sensors need (sampler/interval.hpp)
    bool high_res = false;            // 10 ms
    bool adaptive = false;
    std::optional<Seconds> duration; // empty: until the command ends or the caller stops
    std::optional<Seconds> baseline; // idle stretch to record first
    std::optional<Watts> idle_power; // given instead of a recorded baseline
    std::optional<std::int64_t> tokens;
    std::string label;
    bool fixed_thresholds = false;
    std::vector<std::string> command;     // empty: no command
    bool command_output_to_error = false; // its standard output goes to our standard error
};

struct MeasuredRun {
    RunRecord record;
    analysis::RunAnalysis analysis;
    std::optional<int> exit_status; // of the command
    bool interrupted = false;       // by the caller's stop token
};

// Everything recorded before a stop request or a failure is in the store. A recording that has
// begun is always finished as well as it can be: the Result is an error only when there is nothing
// to show.
[[nodiscard]] Result<MeasuredRun> measure(const MeasureRequest& request, const Context& context);

} // namespace joulemark::verbs
