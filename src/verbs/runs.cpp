#include "verbs/runs.hpp"

#include "core/text.hpp"
#include "embedded/version.hpp"

#include <fmt/format.h>

#include <utility>

namespace joulemark::verbs {

namespace {

RunRecord record_of(const ImportRequest& request, const device::PowerLog& log) {
    RunRecord record;
    record.verb = "import";
    record.tool_version = std::string(embedded::version);
    record.label = request.label;
    record.tokens = request.tokens;
    record.source_file = request.path;
    record.warnings = log.warnings;
    for (const Trace& trace : log.traces) {
        record.devices.push_back(trace.info().device);
        record.simulated = record.simulated || trace.info().device.simulated;
        if (!record.anchor) {
            record.anchor = trace.info().anchor;
        }
        record.interval = std::max(record.interval, trace.info().interval);
    }
    if (log.rejected_count > 0) {
        record.warnings.push_back(
            {WarningCode::malformed_rows,
             fmt::format(
                 "{} of {} rows could not be read and were kept out; the first is line {}: {}",
                 log.rejected_count,
                 log.rows,
                 log.rejected.front().line,
                 log.rejected.front().reason)});
    }
    return record;
}

Result<void> keep(RunRecord& record, const std::vector<Trace>& traces, const Context& context) {
    auto store = open_store(context);
    if (!store) {
        return tl::unexpected(store.error());
    }
    record.created_unix_ns = context.clock.unix_ns();
    auto writer = (*store)->begin(record);
    if (!writer) {
        return tl::unexpected(writer.error());
    }
    std::vector<SamplingReport> reports;
    for (std::size_t i = 0; i < traces.size(); ++i) {
        if (auto ok = (*writer)->append(i, traces[i].fast(), traces[i].slow()); !ok) {
            return ok;
        }
        reports.push_back(traces[i].report());
    }
    record.state = RunState::finished;
    return (*writer)->finish(record, reports);
}

// A file that cannot be opened is a matter of storage, whatever the reason: scripts tell it from a
// wrong option and from a missing device by the kind.
Error as_storage_error(Error error) {
    const bool about_access = error.kind == Kind::not_found || error.kind == Kind::permission;
    if (about_access) {
        error.kind = Kind::io;
    }
    return error;
}

} // namespace

Result<std::unique_ptr<store::Store>> open_store(const Context& context) {
    std::string path = context.store_path;
    if (path.empty()) {
        auto usual = store::default_path();
        if (!usual) {
            return tl::unexpected(usual.error());
        }
        path = *usual;
    }
    auto store = store::Store::open(path);
    if (store) {
        return store;
    }
    Error error = as_storage_error(store.error());
    if (error.kind == Kind::invalid_argument) {
        error.kind = Kind::corrupt; // a file, but no store of ours
    }
    return tl::unexpected(std::move(error));
}

Result<std::vector<store::RunSummary>> list_runs(const Context& context) {
    auto store = open_store(context);
    if (!store) {
        return tl::unexpected(store.error());
    }
    return (*store)->list();
}

Result<LoadedRun> load_run(std::string_view name,
                           const analysis::AnalysisOptions& options,
                           const Context& context) {
    auto store = open_store(context);
    if (!store) {
        return tl::unexpected(store.error());
    }
    auto run = (*store)->read(name);
    if (!run) {
        return tl::unexpected(run.error());
    }
    auto analysed = analysis::analyse(run->record, run->traces, options);
    if (!analysed) {
        return tl::unexpected(analysed.error());
    }
    return LoadedRun{std::move(run->record), std::move(run->traces), std::move(*analysed)};
}

Result<void> remove_run(std::string_view name, const Context& context) {
    auto store = open_store(context);
    if (!store) {
        return tl::unexpected(store.error());
    }
    return (*store)->remove(name);
}

Result<ImportedRun> import_log(const ImportRequest& request, const Context& context) {
    auto log = device::read_power_log_file(request.path, request.log);
    if (!log) {
        return tl::unexpected(as_storage_error(log.error()));
    }
    RunRecord record = record_of(request, *log);
    auto analysed =
        analysis::analyse(record, log->traces, {request.fixed_thresholds, request.idle_power});
    if (!analysed) {
        return tl::unexpected(analysed.error());
    }
    record.window = analysed->window;
    if (auto kept = keep(record, log->traces, context); !kept) {
        return tl::unexpected(kept.error());
    }
    log->traces.clear();
    return ImportedRun{std::move(record), std::move(*analysed), std::move(*log)};
}

} // namespace joulemark::verbs
