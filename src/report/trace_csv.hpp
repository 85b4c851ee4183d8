// Traces as joulemark's own CSV (docs/reference/log-formats.md), which `import` and `replay:` read
// back bit for bit:
// "# key: value" lines about each device, then "time_s,device," and one column for each metric that
// any device has.
#pragma once

#include "core/result.hpp"
#include "core/trace.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

namespace joulemark::report {

// Takes the next piece of the text; an error ends the writing.
using TextSink = std::function<Result<void>(std::string_view piece)>;

// Device after device, each in the order of time; returns the number of rows. Times are decimal
// seconds with nine digits, values the shortest text that reads back as the same double, missing
// ones empty. A fast and a slow reading of the same time share a row. Not written: slow readings
// without any value, which say nothing. Kind::invalid_argument when two traces have devices of the
// same name.
[[nodiscard]] Result<std::size_t> write_trace_csv(std::span<const Trace> traces,
                                                  const TextSink& sink);

} // namespace joulemark::report
