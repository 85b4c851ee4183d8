#include "verbs/export_run.hpp"

#include "report/run_document.hpp"
#include "report/trace_csv.hpp"

namespace joulemark::verbs {

std::optional<ExportFormat> export_format_from(std::string_view name) {
    if (name == "csv") {
        return ExportFormat::csv;
    }
    if (name == "json") {
        return ExportFormat::json;
    }
    return std::nullopt;
}

Result<void> export_run(const LoadedRun& run, ExportFormat format, const report::Sink& sink) {
    if (format == ExportFormat::json) {
        return sink(report::run_document(run.record, run.analysis));
    }
    const auto written = report::write_trace_csv(run.traces, sink);
    if (!written) {
        return tl::unexpected(written.error());
    }
    return {};
}

} // namespace joulemark::verbs
