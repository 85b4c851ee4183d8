// How text is drawn: what the terminal can show. Chosen by the front end. Plain values.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace joulemark::report {

struct TextStyle {
    bool colour = false;
    bool unicode = true;
    std::size_t width = 80; // columns, at least 40 are used
};

enum class Ink { plain, bold, dim, red, yellow, green, cyan, blue, magenta };

// `text` in `ink` where the style has colour.
[[nodiscard]] std::string inked(std::string_view text, Ink ink, const TextStyle& style);

// Columns that `text` takes, without colour sequences; every code point counts one.
[[nodiscard]] std::size_t display_width(std::string_view text);
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);       // left-aligned
[[nodiscard]] std::string right_padded(std::string_view text, std::size_t width); // right-aligned

// Signs outside ASCII, with what stands in for them.
[[nodiscard]] std::string_view plus_minus(const TextStyle& style); // "±" or "+/-"
[[nodiscard]] std::string_view middle_dot(const TextStyle& style); // "·" or "-"

// `text` as the style can show it: without Unicode every sign outside ASCII gives way to one inside
// it. Whatever is laid out goes through here first, for some signs become wider.
[[nodiscard]] std::string fitting(std::string_view text, const TextStyle& style);

// `text` broken into lines of at most `width` columns at spaces, each after the first behind
// `indent` spaces. A number stays with its unit, and a word longer than a line is cut.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

} // namespace joulemark::report
