#include "core/text.hpp"
#include "frontends/cli/exit_code.hpp"
#include "frontends/cli/option_values.hpp"
#include "frontends/cli/terminal.hpp"
#include "frontends/cli/verbs.hpp"
#include "report/run_document.hpp"
#include "report/run_text.hpp"
#include "verbs/runs.hpp"

#include <memory>

namespace joulemark::frontends {

namespace {

struct ImportOptions {
    verbs::ImportRequest request;
    std::string format = "auto";
    std::optional<Seconds> interval;
};

report::ImportNote note_of(const device::PowerLog& log) {
    report::ImportNote note{std::string(to_string(log.format)), log.rows, log.rejected_count, {}};
    for (const device::RejectedRow& row : log.rejected) {
        note.rejected.push_back({row.line, row.reason});
    }
    return note;
}

int run_import(Program& program, const ImportOptions& options) {
    verbs::ImportRequest request = options.request;
    request.log.source_name = request.path;
    if (options.format != "auto") {
        const auto format = device::log_format_from(options.format);
        if (!format) {
            return program.fail_with(
                {Kind::invalid_argument,
                 "'" + printable(options.format, 40) +
                     "' is not a log format; use auto, nvidia-smi, dcgm-dmon, zeus or joulemark",
                 "--format"});
        }
        request.log.format = *format;
    }
    if (options.interval) {
        request.log.interval = to_nanoseconds(*options.interval);
    }
    const auto run = verbs::import_log(request, program.context());
    if (!run) {
        return program.fail_with(run.error());
    }
    const report::ImportNote note = note_of(run->log);
    return program.finish(
        program.options.json
            ? report::run_document(run->record, run->analysis, note)
            : report::run_text(run->record, run->analysis, note, style_of(Stream::output)),
        exit_code::done);
}

} // namespace

void add_import_verb(CLI::App& app, Program& program) {
    CLI::App* import = app.add_subcommand(
        "import", "Make a run from a log of nvidia-smi, DCGM, Zeus or joulemark");
    auto options = std::make_shared<ImportOptions>();
    import->add_option("file", options->request.path, "The log; '-' is standard input")->required();
    import
        ->add_option("--format", options->format, "auto, nvidia-smi, dcgm-dmon, zeus or joulemark")
        ->type_name("NAME");
    import
        ->add_option("--gpus",
                     options->request.log.gpu_count,
                     "How many GPUs wrote a log without an index column")
        ->type_name("N");
    import
        ->add_option("--gpu-model",
                     options->request.log.gpu_model,
                     "The GPU, when the log does not name it: a100, h100 ...")
        ->type_name("NAME");
    add_duration(*import,
                 "--interval",
                 options->interval,
                 "Time between rows, for logs without times (dcgmi dmon -d)");
    import->add_option("--tokens", options->request.tokens, "Tokens generated in the log's time")
        ->type_name("N");
    add_watts(*import,
              "--idle-power",
              options->request.idle_power,
              "Idle power to subtract for net energy");
    import->add_option("--label", options->request.label, "A name for the run in lists")
        ->type_name("TEXT");
    import->add_flag(
        "--fixed-phases", options->request.fixed_thresholds, "Phases by fixed thresholds");
    import->footer("Examples:\n"
                   "  joulemark import power.csv --gpu-model a100\n"
                   "  joulemark import several.csv --gpus 4\n"
                   "  dcgmi dmon -e 155,156 -d 100 -c 600 | joulemark import - --interval 100ms");
    import->callback([&program, options] {
        program.action = [&program, options] { return run_import(program, *options); };
    });
}

} // namespace joulemark::frontends
