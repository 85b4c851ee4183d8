#include "core/text.hpp"
#include "frontends/cli/exit_code.hpp"
#include "frontends/cli/option_values.hpp"
#include "frontends/cli/terminal.hpp"
#include "frontends/cli/verbs.hpp"
#include "report/file_writer.hpp"
#include "report/run_document.hpp"
#include "report/run_text.hpp"
#include "verbs/export_run.hpp"
#include "verbs/runs.hpp"

#include <memory>

namespace joulemark::frontends {

namespace {

struct RunsOptions {
    std::string remove;
};

struct ShowOptions {
    std::string name = "last";
    analysis::AnalysisOptions analysis;
};

struct ExportOptions {
    std::string name = "last";
    std::string format = "csv";
    std::string output;
};

int run_runs(Program& program, const RunsOptions& options) {
    if (!options.remove.empty()) {
        if (const auto removed = verbs::remove_run(options.remove, program.context()); !removed) {
            return program.fail_with(removed.error());
        }
    }
    const auto runs = verbs::list_runs(program.context());
    if (!runs) {
        return program.fail_with(runs.error());
    }
    return program.finish(program.options.json ? report::runs_document(*runs)
                                               : report::runs_text(*runs, style_of(Stream::output)),
                          exit_code::done);
}

int run_show(Program& program, const ShowOptions& options) {
    const auto run = verbs::load_run(options.name, options.analysis, program.context());
    if (!run) {
        return program.fail_with(run.error());
    }
    return program.finish(
        program.options.json
            ? report::run_document(run->record, run->analysis)
            : report::run_text(run->record, run->analysis, {}, style_of(Stream::output)),
        exit_code::done);
}

int run_export(Program& program, const ExportOptions& options) {
    const auto format = verbs::export_format_from(options.format);
    if (!format) {
        return program.fail_with(
            {Kind::invalid_argument,
             "'" + printable(options.format, 40) + "' is not an export format; use csv or json",
             "--format"});
    }
    const auto run = verbs::load_run(options.name, {}, program.context());
    if (!run) {
        return program.fail_with(run.error());
    }
    if (options.output.empty() || options.output == "-") {
        const auto done =
            verbs::export_run(*run, *format, [](std::string_view piece) -> Result<void> {
                if (write(Stream::output, piece)) {
                    return {};
                }
                return fail(Kind::io, "standard output cannot be written");
            });
        return done ? exit_code::done : program.fail_with(done.error());
    }
    const auto done = report::write_file(options.output, [&](const report::Sink& sink) {
        return verbs::export_run(*run, *format, sink);
    });
    if (!done) {
        return program.fail_with(done.error());
    }
    program.remark("wrote " + printable(options.output));
    return exit_code::done;
}

} // namespace

void add_run_verbs(CLI::App& app, Program& program) {
    CLI::App* runs = app.add_subcommand("runs", "List the runs in the store");
    auto runs_options = std::make_shared<RunsOptions>();
    runs->add_option("--remove", runs_options->remove, "Remove this run first")->type_name("RUN");
    runs->footer("Examples:\n  joulemark runs\n  joulemark runs --remove 20261120-180700-7f3a");
    runs->callback([&program, runs_options] {
        program.action = [&program, runs_options] { return run_runs(program, *runs_options); };
    });

    CLI::App* show = app.add_subcommand(
        "show", "Explain a run: energy and its interval, phases, power, warnings");
    auto show_options = std::make_shared<ShowOptions>();
    show->add_option("run", show_options->name, "A run, the beginning of its name, or 'last'")
        ->capture_default_str();
    add_watts(*show,
              "--idle-power",
              show_options->analysis.idle_power,
              "Idle power to subtract for net energy");
    show->add_flag(
        "--fixed-phases", show_options->analysis.fixed_thresholds, "Phases by fixed thresholds");
    show->footer("Examples:\n  joulemark show last\n  joulemark --json show 20261120");
    show->callback([&program, show_options] {
        program.action = [&program, show_options] { return run_show(program, *show_options); };
    });

    CLI::App* export_verb = app.add_subcommand(
        "export", "Write a run to a file: every reading as CSV, or the explanation as JSON");
    auto export_options = std::make_shared<ExportOptions>();
    export_verb
        ->add_option("run", export_options->name, "A run, the beginning of its name, or 'last'")
        ->capture_default_str();
    export_verb->add_option("--format", export_options->format, "csv or json")
        ->capture_default_str()
        ->type_name("NAME");
    export_verb
        ->add_option(
            "-o,--output", export_options->output, "File to write; standard output without it")
        ->type_name("FILE");
    export_verb->footer("Examples:\n  joulemark export last -o run.csv\n  joulemark export last "
                        "--format json | jq .energy");
    export_verb->callback([&program, export_options] {
        program.action = [&program, export_options] {
            return run_export(program, *export_options);
        };
    });
}

} // namespace joulemark::frontends
