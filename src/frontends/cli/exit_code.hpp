// The exit codes of the program: a contract that scripts rely on.
#pragma once

#include "core/result.hpp"

namespace joulemark::frontends {

namespace exit_code {
inline constexpr int done = 0;
inline constexpr int says_no = 1;     // the check ran and says no
inline constexpr int usage = 2;       // usage or invalid input
inline constexpr int unavailable = 3; // device or endpoint
inline constexpr int storage = 4;     // file or store unreadable, corrupt, full
inline constexpr int internal = 5;
inline constexpr int interrupted = 130; // what was measured is kept
} // namespace exit_code

[[nodiscard]] int exit_code_of(Kind kind);

} // namespace joulemark::frontends
