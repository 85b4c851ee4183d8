#include "core/run.hpp"

#include <fmt/format.h>

#include <array>

namespace joulemark {

namespace {

constexpr std::array<RunState, 4> states{
    RunState::recording, RunState::finished, RunState::interrupted, RunState::failed};

} // namespace

std::string_view to_string(RunState state) {
    switch (state) {
    case RunState::recording:
        return "recording";
    case RunState::finished:
        return "finished";
    case RunState::interrupted:
        return "interrupted";
    case RunState::failed:
        return "failed";
    }
    return "failed";
}

std::optional<RunState> run_state_from(std::string_view text) {
    for (const RunState state : states) {
        if (to_string(state) == text) {
            return state;
        }
    }
    return std::nullopt;
}

std::string make_run_id(std::int64_t unix_ns, std::uint16_t random_bits) {
    const std::string t = iso8601_utc(unix_ns); // 2026-11-20T18:07:00.123Z
    return fmt::format("{}{}{}-{}{}{}-{:04x}",
                       t.substr(0, 4),
                       t.substr(5, 2),
                       t.substr(8, 2),
                       t.substr(11, 2),
                       t.substr(14, 2),
                       t.substr(17, 2),
                       random_bits);
}

} // namespace joulemark
