#include "frontends/cli/exit_code.hpp"
#include "frontends/cli/terminal.hpp"
#include "frontends/cli/verbs.hpp"
#include "report/inventory_document.hpp"
#include "report/inventory_text.hpp"
#include "verbs/surroundings.hpp"

#include <memory>

namespace joulemark::frontends {

namespace {

int run_devices(Program& program, const std::vector<std::string>& names) {
    const auto inventory = verbs::list_devices(names, program.context());
    if (!inventory) {
        return program.fail_with(inventory.error());
    }
    return program.finish(program.options.json
                              ? report::devices_document(*inventory)
                              : report::devices_text(*inventory, style_of(Stream::output)),
                          exit_code::done);
}

int run_doctor(Program& program) {
    const Diagnosis diagnosis = verbs::doctor(program.context());
    return program.finish(program.options.json
                              ? report::doctor_document(diagnosis)
                              : report::doctor_text(diagnosis, style_of(Stream::output)),
                          exit_code::done);
}

} // namespace

void add_device_verbs(CLI::App& app, Program& program) {
    CLI::App* devices = app.add_subcommand(
        "devices", "List power sources: sensor, window, period, counter, limits");
    auto names = std::make_shared<std::vector<std::string>>();
    devices
        ->add_option(
            "-d,--device", *names, "Describe these instead: nvml:0, sim:h200, replay:FILE ...")
        ->type_name("DEVICE")
        ->allow_extra_args(false);
    devices->footer("Examples:\n  joulemark devices\n  joulemark --json devices\n  joulemark "
                    "devices -d sim:h200");
    devices->callback([&program, names] {
        program.action = [&program, names] { return run_devices(program, *names); };
    });

    CLI::App* doctor = app.add_subcommand(
        "doctor", "Say what works on this machine and how to mend what does not");
    doctor->footer("Example:\n  joulemark doctor");
    doctor->callback([&program] { program.action = [&program] { return run_doctor(program); }; });
}

} // namespace joulemark::frontends
