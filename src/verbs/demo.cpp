#include "verbs/demo.hpp"

#include "core/text.hpp"
#include "report/file_writer.hpp"
#include "verbs/export_run.hpp"
#include "verbs/runs.hpp"
#include "verbs/surroundings.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

namespace joulemark::verbs {

namespace {

Result<std::vector<std::string>> export_all(const std::string& run_id,
                                            const std::string& folder,
                                            const Context& context) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        return fail(
            Kind::io,
            fmt::format("the folder '{}' cannot be made: {}", printable(folder), error.message()));
    }
    const auto run = load_run(run_id, {}, context);
    if (!run) {
        return tl::unexpected(run.error());
    }
    static constexpr std::array<std::pair<const char*, ExportFormat>, 2> files{
        {{"run.csv", ExportFormat::csv}, {"run.json", ExportFormat::json}}};
    std::vector<std::string> written;
    for (const auto& [name, format] : files) {
        const std::string path = folder + "/" + name;
        const auto done = report::write_file(path, [&, format = format](const report::Sink& sink) {
            return export_run(*run, format, sink);
        });
        if (!done) {
            return tl::unexpected(done.error());
        }
        written.push_back(path);
    }
    return written;
}

} // namespace

Result<DemoResult> demo(const DemoRequest& request, const Context& context) {
    DemoResult result;
    auto inventory = list_devices({request.device}, context);
    if (!inventory) {
        return tl::unexpected(inventory.error());
    }
    result.inventory = std::move(*inventory);
    MeasureRequest measure_request;
    measure_request.devices = {request.device};
    measure_request.baseline = request.baseline;
    measure_request.duration = request.duration;
    measure_request.label = "demo";
    auto run = measure(measure_request, context);
    if (!run) {
        return tl::unexpected(run.error());
    }
    result.run = std::move(*run);
    if (request.folder.empty()) {
        return result;
    }
    auto files = export_all(result.run.record.id, request.folder, context);
    if (!files) {
        return tl::unexpected(files.error());
    }
    result.files = std::move(*files);
    return result;
}

} // namespace joulemark::verbs
