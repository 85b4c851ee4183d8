#include "frontends/cli/program.hpp"

#include "core/text.hpp"
#include "frontends/cli/exit_code.hpp"
#include "frontends/cli/terminal.hpp"
#include "report/inventory_document.hpp"

namespace joulemark::frontends {

verbs::Context Program::context() {
    verbs::Context context{clock_,
                           device::Surroundings::from_environment(clock_),
                           options.store,
                           options.seed,
                           [](const verbs::Progress&) {},
                           signals_.stop(),
                           [this] { return signals_.take(); }};
    context.surroundings.seed = options.seed;
    return context;
}

verbs::Context Program::interruptible_context() {
    signals_.listen();
    return context();
}

int Program::finish(std::string_view output, int code) const {
    return write(Stream::output, output) ? code : exit_code::storage;
}

int Program::fail_with(const Error& error) const {
    constexpr std::size_t longest = 2000;
    write(Stream::error, "joulemark: " + printable(error.describe(), longest) + "\n");
    if (options.json) {
        write(Stream::output, report::error_document(error));
    }
    return exit_code_of(error.kind);
}

void Program::remark(std::string_view text) const {
    if (!options.quiet) {
        write(Stream::error, std::string(text) + "\n");
    }
}

} // namespace joulemark::frontends
