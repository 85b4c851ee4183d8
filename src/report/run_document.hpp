// What joulemark says of a run as a JSON document, schema "joulemark-run/1" (data/schemas/). Pure.
#pragma once

#include "analysis/analyse.hpp"
#include "core/run.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace joulemark::report {

// How an imported file was read.
struct ImportNote {
    std::string format;
    std::size_t rows = 0;
    std::size_t rejected_count = 0;
    struct Row {
        std::size_t line = 0;
        std::string reason;
    };
    std::vector<Row> rejected; // the first ones
};

[[nodiscard]] std::string run_document(const RunRecord& record,
                                       const analysis::RunAnalysis& run,
                                       const std::optional<ImportNote>& import = {});

// Schema "joulemark-runs/1".
[[nodiscard]] std::string runs_document(const std::vector<RunSummary>& runs);

} // namespace joulemark::report
