// Lets the measured command name windows of time: it sends one datagram for each edge to a Unix socket whose path it
// finds in JOULEMARK_MARK_SOCKET. A datagram is one line of text,
//
//     begin NAME [ID] [MONOTONIC_NS]
//     end NAME [ID] [MONOTONIC_NS]
//
// with the sender's CLOCK_MONOTONIC, so that no time is lost on the way. Windows may nest and overlap; windows of one
// name are told apart by ID, else the newest open one ends. `joulemark mark` sends them for shell scripts.
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/run.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::workload {

inline constexpr std::string_view mark_socket_variable = "JOULEMARK_MARK_SOCKET";

struct MarkEvent {
    bool begin = true;
    std::string name;
    std::string id; // may be empty
    std::optional<Instant> time;
};

// Hostile until parsed: bounded, names of printable characters only.
[[nodiscard]] Result<MarkEvent> parse_mark(std::string_view datagram);
[[nodiscard]] std::string format_mark(const MarkEvent& event);

// Pairs edges to marks. Not thread-safe.
class MarkLedger {
public:
    // `received` stands in for an event without a time; times outside `bounds` are refused.
    Result<void> add(const MarkEvent& event, Instant received, Window bounds);
    // All marks by begin; what is still open ends at `end` and is not `closed`.
    [[nodiscard]] std::vector<Mark> marks(Instant end) const;

    static constexpr std::size_t max_marks = 100'000;

private:
    struct Open {
        std::string name;
        std::string id;
        Instant begin;
    };
    std::vector<Open> open_;
    std::vector<Mark> closed_;
};

// The listening end, in a private temporary folder that is removed with it. Receives on its own thread.
class MarkSocket {
public:
    [[nodiscard]] static Result<std::unique_ptr<MarkSocket>> open(Clock& clock);
    virtual ~MarkSocket() = default;

    [[nodiscard]] virtual const std::string& path() const = 0;
    // Marks so far; those still open end at `end`.
    [[nodiscard]] virtual std::vector<Mark> marks(Instant end) = 0;
    // Datagrams that could not be used, as sentences (the first few).
    [[nodiscard]] virtual std::vector<std::string> complaints() = 0;
};

// The sending end, for `joulemark mark`.
[[nodiscard]] Result<void> send_mark(const std::string& socket_path, const MarkEvent& event);

} // namespace joulemark::workload
