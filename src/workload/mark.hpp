// Windows of time that the measured command names, as it tells of them: one line of text for each
// edge,
//
//     begin NAME [ID] [MONOTONIC_NS]
//     end NAME [ID] [MONOTONIC_NS]
//
// with the sender's CLOCK_MONOTONIC, so that no time is lost on the way. Windows may nest and
// overlap; windows of one name are told apart by ID, else the newest open one ends. Plain values.
#pragma once

#include "core/result.hpp"
#include "core/run.hpp"
#include "core/time.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::workload {

struct MarkEvent {
    bool begin = true;
    std::string name;
    std::string id; // may be empty
    std::optional<Instant> time;
    friend bool operator==(const MarkEvent&, const MarkEvent&) = default;
};

// Hostile until parsed: bounded, words of printable ASCII only. A last word of seven or more digits
// is a time.
[[nodiscard]] Result<MarkEvent> parse_mark(std::string_view datagram);
// The line of an event. An event that no line can say, as one with a blank in its name, is read
// back as another one.
[[nodiscard]] std::string format_mark(const MarkEvent& event);

// Pairs edges to marks. Not thread-safe.
class MarkLedger {
public:
    // `received` stands in for an event without a time; a time after it is refused, so is an end
    // without a begin.
    Result<void> add(const MarkEvent& event, Instant received);
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

} // namespace joulemark::workload
