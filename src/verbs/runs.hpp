// Verbs on stored runs: list, load with analysis, import from logs, export.
#pragma once

#include "analysis/analyse.hpp"
#include "device/power_log.hpp"
#include "store/store.hpp"
#include "verbs/context.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::verbs {

struct LoadedRun {
    RunRecord record;
    std::vector<Trace> traces;
    analysis::RunAnalysis analysis;
};

// The store of the context: its path, or the default place.
[[nodiscard]] Result<std::unique_ptr<store::Store>> open_store(const Context& context);

[[nodiscard]] Result<std::vector<store::RunSummary>> list_runs(const Context& context);
[[nodiscard]] Result<LoadedRun> load_run(std::string_view name,
                                         const analysis::AnalysisOptions& options,
                                         const Context& context);
[[nodiscard]] Result<void> remove_run(std::string_view name, const Context& context);

struct ImportRequest {
    std::string path;
    device::PowerLogOptions log;
    std::optional<std::int64_t> tokens;
    std::optional<Watts> idle_power;
    std::string label;
    bool fixed_thresholds = false;
};

struct ImportedRun {
    RunRecord record;
    analysis::RunAnalysis analysis;
    device::PowerLog log; // traces moved out
};

[[nodiscard]] Result<ImportedRun> import_log(const ImportRequest& request, const Context& context);

} // namespace joulemark::verbs
