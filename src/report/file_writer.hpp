// Puts a document in its place at once or not at all: written beside it under a temporary name,
// flushed to disk, renamed. A reader never sees half of it.
#pragma once

#include "core/result.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace joulemark::report {

// Takes the next piece of a document.
using Sink = std::function<Result<void>(std::string_view)>;

// Calls `produce` with a sink and renames when it has succeeded; else the old file stays as it was.
[[nodiscard]] Result<void> write_file(const std::string& path,
                                      const std::function<Result<void>(const Sink&)>& produce);
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view content);

} // namespace joulemark::report
