#include "core/text.hpp"
#include "frontends/cli/exit_code.hpp"
#include "frontends/cli/terminal.hpp"
#include "frontends/cli/verbs.hpp"
#include "report/inventory_text.hpp"
#include "report/number_text.hpp"
#include "report/run_document.hpp"
#include "report/run_text.hpp"
#include "verbs/demo.hpp"

#include <fmt/format.h>

#include <memory>

namespace joulemark::frontends {

namespace {

std::string heading(std::string_view text, const report::TextStyle& style) {
    return report::inked(fmt::format("{}", text), report::Ink::bold, style) + "\n\n";
}

int run_demo(Program& program, const verbs::DemoRequest& request) {
    const report::TextStyle style = style_of(Stream::output);
    ProgressLine line(!program.options.quiet);
    verbs::Context context = program.interruptible_context();
    context.progress = [&](const verbs::Progress& p) {
        line.show(fmt::format("{} {:.1f} s  {} readings", p.stage, p.elapsed.value(), p.samples));
    };
    const auto demo = verbs::demo(request, context);
    line.clear();
    if (!demo) {
        return program.fail_with(demo.error());
    }
    const int code = demo->run.interrupted ? exit_code::interrupted : exit_code::done;
    if (program.options.json) {
        return program.finish(report::run_document(demo->run.record, demo->run.analysis), code);
    }
    std::string out =
        heading("1. The device: a simulated H200, because every machine has one", style) +
        report::devices_text(demo->inventory, style) + "\n" +
        heading("2. Measured: idle first, then work that alternates prefill and decode", style) +
        report::run_text(demo->run.record, demo->run.analysis, {}, style);
    if (!demo->files.empty()) {
        out += "\n" + heading("3. Written", style);
        for (const std::string& file : demo->files) {
            out += "  " + printable(file) + "\n";
        }
    }
    out += fmt::format("\nAgain: joulemark show {}    Your GPU: joulemark doctor\n",
                       demo->run.record.id);
    return program.finish(out, code);
}

} // namespace

void add_demo_verb(CLI::App& app, Program& program) {
    CLI::App* demo =
        app.add_subcommand("demo", "The whole chain on a simulated H200; needs no GPU");
    auto request = std::make_shared<verbs::DemoRequest>();
    demo->add_option("-o,--output", request->folder, "Folder for the exported run")
        ->type_name("DIR");
    demo->footer("Example:\n  joulemark demo -o demo-results");
    demo->callback([&program, request] {
        program.action = [&program, request] { return run_demo(program, *request); };
    });
}

} // namespace joulemark::frontends
