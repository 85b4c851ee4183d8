#include "core/result.hpp"

#include <utility>

namespace joulemark {

std::string_view to_string(Kind kind) {
    switch (kind) {
    case Kind::not_found:
        return "not_found";
    case Kind::unsupported:
        return "unsupported";
    case Kind::permission:
        return "permission";
    case Kind::unavailable:
        return "unavailable";
    case Kind::io:
        return "io";
    case Kind::parse:
        return "parse";
    case Kind::invalid_argument:
        return "invalid_argument";
    case Kind::timeout:
        return "timeout";
    case Kind::cancelled:
        return "cancelled";
    case Kind::corrupt:
        return "corrupt";
    case Kind::internal:
        return "internal";
    }
    return "internal";
}

std::string Error::describe() const { return context.empty() ? message : context + ": " + message; }

tl::unexpected<Error> fail(Kind kind, std::string message, std::string context) {
    return tl::unexpected<Error>(Error{kind, std::move(message), std::move(context)});
}

tl::unexpected<Error> fail_in(std::string_view context, Error error) {
    error.context =
        error.context.empty() ? std::string(context) : std::string(context) + ": " + error.context;
    return tl::unexpected<Error>(std::move(error));
}

} // namespace joulemark
