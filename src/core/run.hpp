// The record of one run: what was done, when, on what, and how it ended. The samples are kept
// apart, in Traces. Plain values.
#pragma once

#include "core/device_info.hpp"
#include "core/time.hpp"
#include "core/warning.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark {

enum class RunState { recording, finished, interrupted, failed };

[[nodiscard]] std::string_view to_string(RunState state);
[[nodiscard]] std::optional<RunState> run_state_from(std::string_view text);

// A window that the measured command named: nested and concurrent ones are allowed, also of the
// same name.
struct Mark {
    std::string name;
    Window window;
    bool closed = true;
    friend bool operator==(const Mark&, const Mark&) = default;
};

struct RunRecord {
    std::string id;   // sortable and unique: "20261120-180700-7f3a"
    std::string verb; // "measure", "import", "demo"
    RunState state = RunState::recording;
    std::string tool_version;
    std::string host;
    std::string label; // free text of the user
    bool simulated = false;
    std::int64_t created_unix_ns = 0;
    std::optional<WallAnchor> anchor;
    Nanoseconds interval{0};        // nominal, of the fast channel
    std::optional<Window> window;   // what was measured; of no length while it is still open
    std::optional<Window> baseline; // idle stretch before it
    std::vector<std::string> command;
    std::optional<int> exit_status; // of the command, shell convention (128 + signal)
    std::optional<std::int64_t> tokens;
    std::string source_file; // of an import
    std::vector<Mark> marks;
    std::vector<DeviceInfo> devices;
    std::vector<Warning> warnings;
};

// What a list of runs shows, without reading samples.
struct RunSummary {
    RunRecord record;
    std::uint64_t fast_samples = 0; // over all devices
    std::uint64_t bytes = 0;        // of samples in the store
};

// A new id from the time of creation and 16 random bits.
[[nodiscard]] std::string make_run_id(std::int64_t unix_ns, std::uint16_t random_bits);

} // namespace joulemark
