// `mark`: inside a measured command, names a window of time.
#pragma once

#include "core/result.hpp"
#include "verbs/context.hpp"

#include <string>

namespace joulemark::verbs {

struct MarkRequest {
    std::string name;
    std::string id;
    bool end = false;
};

// Kind::unavailable outside of `joulemark measure -- COMMAND`.
[[nodiscard]] Result<void> mark(const MarkRequest& request, const Context& context);

} // namespace joulemark::verbs
