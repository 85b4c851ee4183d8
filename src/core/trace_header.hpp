// What a trace says about itself beside its columns (the device, its sensors, how the recording
// went) as lines of text, `key: value`, and back. Trace files carry them in front of their rows.
// Pure functions; the text is the same bits on every machine: numbers in the C locale, shortest
// form that reads back as the same double.
//
//     for (const HeaderLine& line : header_lines(trace.info(), trace.report())) ...   //
//     "update_period": ... TraceHeader header; auto known = read_header_line({"interval_ns",
//     "100000000"}, header);
#pragma once

#include "core/result.hpp"
#include "core/trace.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark {

struct TraceHeader {
    TraceInfo info;
    SamplingReport report;
};

struct HeaderLine {
    std::string key;
    std::string value; // one line: see escape_line
};

// Without the device's name, which says whose lines these are. What is unknown or empty has no
// line.
[[nodiscard]] std::vector<HeaderLine> header_lines(const TraceInfo& info,
                                                   const SamplingReport& report);

// Puts one line into `header`. False for a key that this version does not know; Kind::parse for a
// value that is none.
[[nodiscard]] Result<bool> read_header_line(const HeaderLine& line, TraceHeader& header);

// Any text as one line without blanks at its ends: control characters, backslashes and such blanks
// become "\xHH".
[[nodiscard]] std::string escape_line(std::string_view text);
// The text again; nothing when an escape is broken.
[[nodiscard]] std::optional<std::string> unescape_line(std::string_view line);

} // namespace joulemark
