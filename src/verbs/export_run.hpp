// `export`: a stored run as a file.
#pragma once

#include "core/result.hpp"
#include "report/file_writer.hpp"
#include "verbs/context.hpp"
#include "verbs/runs.hpp"

#include <optional>
#include <string_view>

namespace joulemark::verbs {

enum class ExportFormat { csv, json };

// "csv": every reading, as joulemark's own log that `import` takes back. "json": the explained run.
[[nodiscard]] std::optional<ExportFormat> export_format_from(std::string_view name);

[[nodiscard]] Result<void> export_run(const LoadedRun& run,
                                      ExportFormat format,
                                      const report::Sink& sink);

} // namespace joulemark::verbs
