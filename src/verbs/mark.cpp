#include "verbs/mark.hpp"

#include "workload/mark_socket.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace joulemark::verbs {

Result<void> mark(const MarkRequest& request, const Context& context) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
    const char* path = std::getenv(std::string(workload::mark_socket_variable).c_str());
    if (path == nullptr || *path == '\0') {
        return fail(
            Kind::unavailable,
            fmt::format(
                "{} is not set: marks are for commands inside 'joulemark measure -- COMMAND'",
                workload::mark_socket_variable));
    }
    return workload::send_mark(path, {!request.end, request.name, request.id, context.clock.now()});
}

} // namespace joulemark::verbs
