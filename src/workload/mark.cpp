#include "workload/mark.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace joulemark::workload {

namespace {

constexpr std::size_t longest_datagram = 512;
constexpr std::size_t longest_word = 100;
constexpr std::size_t most_words = 4;
// A sender's clock is ours, so a time can be ahead only by what it takes to read it.
constexpr Nanoseconds tolerance = std::chrono::milliseconds(1);

bool is_word(std::string_view text) {
    return !text.empty() && text.size() <= longest_word &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

// A number of this many digits is a time, not an id.
constexpr std::size_t fewest_time_digits = 7;

bool is_time(std::string_view text) {
    return text.size() >= fewest_time_digits && parse_int(text).value_or(-1) >= 0;
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!(text = trim(text)).empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return words;
}

tl::unexpected<Error> refuse(std::string_view datagram, std::string_view reason) {
    constexpr std::size_t shown = 60;
    return fail(Kind::parse,
                fmt::format("mark '{}' is not used: {}; send 'begin NAME [ID] "
                            "[MONOTONIC_NS]' or 'end NAME ...'",
                            printable(datagram, shown),
                            reason));
}

} // namespace

Result<MarkEvent> parse_mark(std::string_view datagram) {
    if (datagram.size() > longest_datagram) {
        return refuse(datagram, "it is too long");
    }
    const std::vector<std::string_view> words = words_of(datagram);
    if (words.size() < 2 || words.size() > most_words) {
        return refuse(datagram, "it does not have two to four words");
    }
    if (!std::ranges::all_of(words, is_word)) {
        return refuse(datagram, "its words are not short printable ASCII");
    }
    MarkEvent event;
    if (words[0] != "begin" && words[0] != "end") {
        return refuse(datagram, "it starts with neither 'begin' nor 'end'");
    }
    event.begin = words[0] == "begin";
    event.name = words[1];
    std::size_t next = 2;
    if (next < words.size() && !(next + 1 == words.size() && is_time(words[next]))) {
        event.id = words[next++];
    }
    if (next < words.size()) {
        if (!is_time(words[next])) {
            return refuse(datagram, "its time is not a number of nanoseconds");
        }
        event.time = instant_at(*parse_int(words[next]));
    }
    return event;
}

std::string format_mark(const MarkEvent& event) {
    std::string out = fmt::format("{} {}", event.begin ? "begin" : "end", event.name);
    if (!event.id.empty()) {
        out += " " + event.id;
    }
    if (event.time) {
        out += fmt::format(" {:0{}}", count_ns(*event.time), fewest_time_digits);
    }
    return out;
}

Result<void> MarkLedger::add(const MarkEvent& event, Instant received) {
    const Instant time = event.time.value_or(received);
    if (time > received + tolerance) {
        return fail(Kind::invalid_argument,
                    fmt::format("mark '{}' lies in the future; its time must be CLOCK_MONOTONIC",
                                printable(event.name)));
    }
    if (event.begin) {
        if (open_.size() + closed_.size() >= max_marks) {
            return fail(Kind::invalid_argument,
                        fmt::format("more than {} marks; the rest is not kept", max_marks));
        }
        open_.push_back({event.name, event.id, time});
        return {};
    }
    const auto match = std::find_if(open_.rbegin(), open_.rend(), [&](const Open& open) {
        return open.name == event.name && (event.id.empty() || open.id == event.id);
    });
    if (match == open_.rend()) {
        return fail(Kind::invalid_argument,
                    fmt::format("mark '{}' ends but was not begun", printable(event.name)));
    }
    closed_.push_back({match->name, {match->begin, std::max(match->begin, time)}, true});
    open_.erase(std::next(match).base());
    return {};
}

std::vector<Mark> MarkLedger::marks(Instant end) const {
    std::vector<Mark> out = closed_;
    for (const Open& open : open_) {
        out.push_back({open.name, {open.begin, std::max(open.begin, end)}, false});
    }
    std::ranges::stable_sort(out, {}, [](const Mark& m) { return m.window.begin; });
    return out;
}

} // namespace joulemark::workload
