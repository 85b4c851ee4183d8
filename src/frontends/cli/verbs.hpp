// One function for each group of verbs: adds the subcommands, their options and examples to the
// program.
#pragma once

#include "frontends/cli/program.hpp"

#include <CLI/App.hpp>

namespace joulemark::frontends {

void add_device_verbs(CLI::App& app, Program& program);  // devices, doctor
void add_measure_verbs(CLI::App& app, Program& program); // measure, mark
void add_import_verb(CLI::App& app, Program& program);
void add_run_verbs(CLI::App& app, Program& program); // runs, show, export
void add_demo_verb(CLI::App& app, Program& program);

} // namespace joulemark::frontends
