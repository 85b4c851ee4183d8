#include "core/text.hpp"
#include "embedded/version.hpp"
#include "frontends/cli/exit_code.hpp"
#include "frontends/cli/program.hpp"
#include "frontends/cli/terminal.hpp"
#include "frontends/cli/verbs.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <vector>

namespace {

using namespace joulemark;
using namespace joulemark::frontends;

void add_global_options(CLI::App& app, GlobalOptions& options) {
    app.add_flag(
        "--json", options.json, "One JSON document on standard output; all else on standard error");
    app.add_flag("--quiet,-q", options.quiet, "No progress and no remarks");
    app.add_option(
           "--store", options.store, "The store (default: $XDG_DATA_HOME/joulemark/runs.db)")
        ->type_name("FILE");
    app.add_option("--seed", options.seed, "Seed of everything simulated")
        ->capture_default_str()
        ->type_name("N");
}

// What stands after "--" is a command's own business: it is taken away before options are read.
std::vector<std::string> take_command(std::vector<std::string>& arguments) {
    const auto dashes = std::ranges::find(arguments, "--");
    if (dashes == arguments.end()) {
        return {};
    }
    std::vector<std::string> command(dashes + 1, arguments.end());
    arguments.erase(dashes, arguments.end());
    return command;
}

// "'nonsense' is no verb": what CLI11 calls a missing subcommand.
std::string explain_verb(const CLI::App& app, const std::vector<std::string>& arguments) {
    std::string verbs;
    for (const CLI::App* verb : app.get_subcommands({})) {
        verbs += (verbs.empty() ? "" : ", ") + verb->get_name();
    }
    const auto word =
        std::ranges::find_if(arguments, [](const std::string& a) { return !a.starts_with('-'); });
    constexpr std::size_t longest = 40;
    if (word == arguments.end()) {
        return "a verb (subcommand) is needed: " + verbs;
    }
    return "'" + printable(*word, longest) + "' is no verb (subcommand); there are " + verbs;
}

int explain_usage(const CLI::App& app,
                  const CLI::ParseError& error,
                  const std::vector<std::string>& arguments,
                  const Program& program) {
    if (error.get_exit_code() == 0) {
        const bool version = dynamic_cast<const CLI::CallForVersion*>(&error) != nullptr;
        return program.finish(version ? std::string(error.what()) + "\n"
                                      : app.help("", CLI::AppFormatMode::Normal),
                              exit_code::done);
    }
    constexpr std::size_t longest = 500;
    std::string what = app.get_subcommands().empty() ? explain_verb(app, arguments)
                                                     : printable(error.what(), longest);
    const bool stray_word = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
    if (stray_word && app.got_subcommand("measure")) {
        what += "; a command to measure goes after '--'";
    }
    return program.fail_with({Kind::invalid_argument, what + "; see joulemark --help", ""});
}

int run(std::vector<std::string> arguments) {
    Program program;
    const bool separated = std::ranges::find(arguments, "--") != arguments.end();
    program.command = take_command(arguments);
    CLI::App app(
        "Measures the energy of LLM inference: every joule with its interval and its source.",
        "joulemark");
    app.set_version_flag("--version,-V", "joulemark " + std::string(embedded::version));
    app.require_subcommand(1);
    app.fallthrough();
    app.footer(
        "Try 'joulemark demo', then 'joulemark doctor'. Every verb has --help with examples.");
    add_global_options(app, program.options);
    add_device_verbs(app, program);
    add_measure_verbs(app, program);
    add_import_verb(app, program);
    add_run_verbs(app, program);
    add_demo_verb(app, program);
    try {
        // CLI11 takes a vector from its end.
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& error) {
        // --json may stand on the line that could not be read.
        program.options.json =
            program.options.json || std::ranges::find(arguments, "--json") != arguments.end();
        return explain_usage(app, error, arguments, program);
    }
    if (separated && !app.got_subcommand("measure")) {
        return program.fail_with(
            {Kind::invalid_argument, "only 'measure' takes a command after '--'", ""});
    }
    if (separated && program.command.empty()) {
        return program.fail_with({Kind::invalid_argument, "no command is given after '--'", ""});
    }
    return program.action();
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        write(Stream::error, "joulemark: internal error: " + printable(error.what()) + "\n");
        return exit_code::internal;
    }
}
