// Text that came from outside (files, drivers, environment), made safe to read and to show. Pure
// functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace joulemark {

// Control characters and invalid UTF-8 become visible escapes ("\x1b"), and what is longer than
// `max_bytes` is cut with "…", so that no terminal sequence from outside reaches a terminal.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max_bytes = 200);

[[nodiscard]] std::string_view trim(std::string_view text);

// The whole text as a finite number, in the C locale; nothing for empty text, trailing characters,
// nan, inf, overflow.
[[nodiscard]] std::optional<double> parse_double(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> parse_int(std::string_view text);

[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);
[[nodiscard]] std::string to_lower(std::string_view text); // ASCII only

// "250us", "10ms", "2s", "1.5m", "3h"; a number without unit is seconds. Finite and >= 0.
[[nodiscard]] std::optional<double> parse_duration_seconds(std::string_view text);

} // namespace joulemark
