// What joulemark says of a run, for people: the energy with its interval and source, a chart with
// the phases, tables, warnings with their codes. Pure functions; the text ends with a newline.
#pragma once

#include "analysis/analyse.hpp"
#include "core/run.hpp"
#include "report/run_document.hpp"
#include "report/text_style.hpp"

#include <optional>
#include <string>
#include <vector>

namespace joulemark::report {

[[nodiscard]] std::string run_text(const RunRecord& record,
                                   const analysis::RunAnalysis& run,
                                   const std::optional<ImportNote>& import,
                                   const TextStyle& style);

[[nodiscard]] std::string runs_text(const std::vector<RunSummary>& runs, const TextStyle& style);

} // namespace joulemark::report
