// The one way joulemark reports an expected failure: `Result<T>`, a value or an `Error`.
// Errors are values: copy them freely; no function here throws.
#pragma once

#include <tl/expected.hpp>

#include <string>
#include <string_view>

namespace joulemark {

// Closed set. The command line maps it to exit codes, HTTP to status codes, C to ints: one table
// each.
enum class Kind {
    not_found,
    unsupported,
    permission,
    unavailable,
    io,
    parse,
    invalid_argument,
    timeout,
    cancelled,
    corrupt,
    internal,
};

[[nodiscard]] std::string_view to_string(Kind kind);

// `message` names the thing, the reason and the fix, in one or two sentences without a final
// newline. `context` says where it happened (file and line, device, field); may be empty.
struct Error {
    Kind kind = Kind::internal;
    std::string message;
    std::string context;

    // "context: message", ready for a person.
    [[nodiscard]] std::string describe() const;
};

template <class T> using Result = tl::expected<T, Error>;

[[nodiscard]] tl::unexpected<Error> fail(Kind kind, std::string message, std::string context = {});

// The same error with one more piece of context in front: "runs.db: block 3: ...".
[[nodiscard]] tl::unexpected<Error> fail_in(std::string_view context, Error error);

} // namespace joulemark
