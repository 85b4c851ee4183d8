// The way from the measured command to us: a Unix datagram socket whose path the command finds in
// JOULEMARK_MARK_SOCKET. `joulemark mark` sends to it for shell scripts; programs may send the
// lines of workload/mark.hpp themselves.
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "workload/mark.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::workload {

inline constexpr std::string_view mark_socket_variable = "JOULEMARK_MARK_SOCKET";

// The listening end, in a private temporary folder that is removed with it. Receives on a thread of
// its own; all members may be called from any thread.
class MarkSocket {
public:
    [[nodiscard]] static Result<std::unique_ptr<MarkSocket>> open(Clock& clock);
    virtual ~MarkSocket() = default;

    [[nodiscard]] virtual const std::string& path() const = 0;
    // Marks so far; those still open end at `end`.
    [[nodiscard]] virtual std::vector<Mark> marks(Instant end) = 0;
    // Why datagrams could not be used: the first few, as sentences.
    [[nodiscard]] virtual std::vector<std::string> complaints() = 0;
};

// The sending end. Kind::unavailable when nobody listens at `socket_path`.
[[nodiscard]] Result<void> send_mark(const std::string& socket_path, const MarkEvent& event);

} // namespace joulemark::workload
