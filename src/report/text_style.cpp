#include "report/text_style.hpp"

#include <algorithm>

namespace joulemark::report {

namespace {

std::string_view code(Ink ink) {
    switch (ink) {
    case Ink::plain: return "0";
    case Ink::bold: return "1";
    case Ink::dim: return "2";
    case Ink::red: return "31";
    case Ink::yellow: return "33";
    case Ink::green: return "32";
    case Ink::cyan: return "36";
    case Ink::blue: return "34";
    case Ink::magenta: return "35";
    }
    return "0";
}

bool continues_a_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

} // namespace

std::string inked(std::string_view text, Ink ink, const TextStyle& style) {
    if (!style.colour || ink == Ink::plain) return std::string(text);
    std::string out = "\x1b[";
    out += code(ink);
    out += "m";
    out += text;
    out += "\x1b[0m";
    return out;
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    bool in_sequence = false;
    for (const char c : text) {
        if (c == '\x1b') {
            in_sequence = true;
        } else if (in_sequence) {
            in_sequence = c != 'm';
        } else if (!continues_a_code_point(c)) {
            ++width;
        }
    }
    return width;
}

std::string padded(std::string_view text, std::size_t width) {
    const std::size_t used = display_width(text);
    return std::string(text) + std::string(width > used ? width - used : 0, ' ');
}

std::string right_padded(std::string_view text, std::size_t width) {
    const std::size_t used = display_width(text);
    return std::string(width > used ? width - used : 0, ' ') + std::string(text);
}

std::string_view plus_minus(const TextStyle& style) { return style.unicode ? "±" : "+/-"; }

std::string_view middle_dot(const TextStyle& style) { return style.unicode ? "·" : "-"; }

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
    std::string out;
    std::size_t column = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        const std::size_t length = display_width(word);
        if (column > 0 && column + 1 + length > width) {
            out += "\n" + std::string(indent, ' ');
            column = 0;
        }
        if (column > 0) {
            out += ' ';
            ++column;
        }
        out += word;
        column += length;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

} // namespace joulemark::report
