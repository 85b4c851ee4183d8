#include "core/text.hpp"
#include "frontends/cli/exit_code.hpp"
#include "frontends/cli/option_values.hpp"
#include "frontends/cli/terminal.hpp"
#include "frontends/cli/verbs.hpp"
#include "report/number_text.hpp"
#include "report/run_document.hpp"
#include "report/run_text.hpp"
#include "verbs/mark.hpp"
#include "verbs/measure.hpp"

#include <fmt/format.h>

#include <memory>

namespace joulemark::frontends {

namespace {

std::string progress_text(const verbs::Progress& p) {
    std::string out = fmt::format("{} {:.1f} s", p.stage, p.elapsed.value());
    if (p.total) {
        out += fmt::format(" of {:.1f} s", p.total->value());
    }
    if (p.power) {
        out += "  " + report::text_of(*p.power);
    }
    return out + fmt::format("  {} readings", p.samples);
}

// The command's own status, as `time` and `nice` give it back; without a command, whether we were
// interrupted.
int status_of(const verbs::MeasuredRun& run) {
    if (run.exit_status) {
        return *run.exit_status;
    }
    return run.interrupted ? exit_code::interrupted : exit_code::done;
}

int run_measure(Program& program, verbs::MeasureRequest request) {
    request.command = program.command;
    // Standard output belongs to the command, or to the JSON document: never to both.
    request.command_output_to_error = program.options.json;
    ProgressLine line(!program.options.quiet && request.command.empty());
    verbs::Context context = program.interruptible_context();
    context.progress = [&](const verbs::Progress& p) { line.show(progress_text(p)); };
    const auto run = verbs::measure(request, context);
    line.clear();
    if (!run) {
        return program.fail_with(run.error());
    }
    const int status = status_of(*run);
    if (program.options.json) {
        return program.finish(report::run_document(run->record, run->analysis), status);
    }
    const Stream stream = request.command.empty() ? Stream::output : Stream::error;
    const std::string text = report::run_text(run->record, run->analysis, {}, style_of(stream));
    if (stream == Stream::output) {
        return program.finish(text, status);
    }
    write(Stream::error, "\n" + text);
    return status;
}

int run_mark(Program& program, const verbs::MarkRequest& request) {
    const auto sent = verbs::mark(request, program.context());
    return sent ? exit_code::done : program.fail_with(sent.error());
}

} // namespace

void add_measure_verbs(CLI::App& app, Program& program) {
    CLI::App* measure = app.add_subcommand(
        "measure", "Record a stretch of time or a wrapped command, and explain its energy");
    auto request = std::make_shared<verbs::MeasureRequest>();
    measure
        ->add_option("-d,--device",
                     request->devices,
                     "Device, repeatable: nvml:0, hwmon:amdgpu, powercap:package-0, sim:h200, "
                     "replay:FILE, all")
        ->type_name("DEVICE")
        ->allow_extra_args(false);
    add_duration(*measure,
                 "--duration",
                 request->duration,
                 "End the window after this time (a command runs on)");
    add_duration(*measure,
                 "--baseline",
                 request->baseline,
                 "Record idle power for this time first; gives net energy");
    add_watts(*measure,
              "--idle-power",
              request->idle_power,
              "Idle power to subtract instead of a recorded baseline");
    add_duration(*measure,
                 "--interval",
                 request->interval,
                 "Time between readings (default: as the sensors need)");
    measure->add_flag("--high-res", request->high_res, "Read every 10 ms");
    measure->add_flag(
        "--adaptive", request->adaptive, "Read fast during ramps, slowly when power is steady");
    measure->add_option("--tokens", request->tokens, "Tokens generated in the window, for J/token")
        ->type_name("N");
    measure->add_option("--label", request->label, "A name for the run in lists")
        ->type_name("TEXT");
    measure->add_flag("--fixed-phases",
                      request->fixed_thresholds,
                      "Phases by fixed thresholds: idle < 100 W, ramp > 100 W/s");
    measure->footer("A command after '--' keeps its standard streams and its exit status; the "
                    "report then goes to\n"
                    "standard error. It finds JOULEMARK_MARK_SOCKET and may name windows: "
                    "joulemark mark prefill\n\n"
                    "Examples:\n"
                    "  joulemark measure --duration 10s\n"
                    "  joulemark measure -d nvml:0 --baseline 5s -- python3 generate.py\n"
                    "  joulemark --json measure -d sim:h200 --duration 2s");
    measure->callback([&program, request] {
        program.action = [&program, request] { return run_measure(program, *request); };
    });

    CLI::App* mark =
        app.add_subcommand("mark", "Inside a measured command: begin or end a named window");
    auto mark_request = std::make_shared<verbs::MarkRequest>();
    mark->add_option(
            "name", mark_request->name, "Name of the window: prefill, decode, request-17 ...")
        ->required();
    mark->add_flag("--end", mark_request->end, "End the window instead of beginning it");
    mark->add_option("--id", mark_request->id, "Tells windows of one name apart when they overlap")
        ->type_name("ID");
    mark->footer("Examples:\n"
                 "  joulemark mark prefill && ./prefill && joulemark mark prefill --end\n"
                 "  joulemark mark request --id 17");
    mark->callback([&program, mark_request] {
        program.action = [&program, mark_request] { return run_mark(program, *mark_request); };
    });
}

} // namespace joulemark::frontends
