#include "frontends/cli/exit_code.hpp"

namespace joulemark::frontends {

int exit_code_of(Kind kind) {
    switch (kind) {
    case Kind::invalid_argument:
    case Kind::parse:
    case Kind::not_found:
        return exit_code::usage;
    case Kind::unsupported:
    case Kind::permission:
    case Kind::unavailable:
    case Kind::timeout:
        return exit_code::unavailable;
    case Kind::io:
    case Kind::corrupt:
        return exit_code::storage;
    case Kind::cancelled:
        return exit_code::interrupted;
    case Kind::internal:
        return exit_code::internal;
    }
    return exit_code::internal;
}

} // namespace joulemark::frontends
