#include "report/text_style.hpp"

#include <algorithm>
#include <array>

namespace joulemark::report {

namespace {

std::string_view code(Ink ink) {
    switch (ink) {
    case Ink::plain:
        return "0";
    case Ink::bold:
        return "1";
    case Ink::dim:
        return "2";
    case Ink::red:
        return "31";
    case Ink::yellow:
        return "33";
    case Ink::green:
        return "32";
    case Ink::cyan:
        return "36";
    case Ink::blue:
        return "34";
    case Ink::magenta:
        return "35";
    }
    return "0";
}

bool continues_a_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::size_t code_point_length(std::string_view text) {
    std::size_t length = 1;
    while (length < text.size() && continues_a_code_point(text[length])) {
        ++length;
    }
    return length;
}

struct AsciiForm {
    std::string_view sign;
    std::string_view ascii;
};
constexpr std::array<AsciiForm, 16> ascii_forms{{{"±", "+/-"},
                                                 {"µ", "u"}, // the micro sign
                                                 {"μ", "u"}, // the Greek letter
                                                 {"°", ""},
                                                 {"·", "-"},
                                                 {"…", "..."},
                                                 {"×", "x"},
                                                 {"–", "-"},
                                                 {"—", "-"},
                                                 {"−", "-"},
                                                 {"→", "->"},
                                                 {"≤", "<="},
                                                 {"≥", ">="},
                                                 {"²", "2"},
                                                 {"“", "\""},
                                                 {"”", "\""}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string without_colour(std::string_view word) {
    std::string out;
    bool in_sequence = false;
    for (const char c : word) {
        if (c == '\x1b') {
            in_sequence = true;
        }
        if (!in_sequence) {
            out += c;
        }
        if (in_sequence && c == 'm') {
            in_sequence = false;
        }
    }
    return out;
}

bool is_unit(std::string_view word) {
    static constexpr std::array<std::string_view, 18> units{"%",
                                                            "J",
                                                            "W",
                                                            "s",
                                                            "Hz",
                                                            "min",
                                                            "h",
                                                            "d",
                                                            "C",
                                                            "°C",
                                                            "W/s",
                                                            "J/token",
                                                            "MHz",
                                                            "GHz",
                                                            "MiB",
                                                            "GiB",
                                                            "ns",
                                                            "tokens/J"};
    static constexpr std::array<std::string_view, 6> prefixes{"k", "M", "G", "m", "µ", "u"};
    const auto known = [](std::string_view name) {
        return std::ranges::find(units, name) != units.end();
    };
    return known(word) || std::ranges::any_of(prefixes, [&](std::string_view prefix) {
               return word.starts_with(prefix) && known(word.substr(prefix.size()));
           });
}

// "± 5.1", "5.1 %", "12 345": no line ends between these.
bool belong_together(std::string_view before, std::string_view after) {
    const std::string left = without_colour(before);
    std::string right = without_colour(after);
    if (left.empty() || right.empty()) {
        return false;
    }
    if (left == "±" || left == "+/-") {
        return true;
    }
    if (!is_digit(left.back())) {
        return false;
    }
    while (!right.empty() &&
           std::string_view(",;:.)]").find(right.back()) != std::string_view::npos) {
        right.pop_back();
    }
    return is_unit(right) || (right.size() >= 3 && is_digit(right[0]) && is_digit(right[1]) &&
                              is_digit(right[2]) && (right.size() == 3 || right[3] == '.'));
}

// Where the first word, with all that must not be parted from it, ends.
std::size_t end_of_piece(std::string_view text) {
    std::size_t begin = 0;
    std::size_t end = std::min(text.find(' '), text.size());
    while (end < text.size()) {
        const std::size_t next = std::min(text.find(' ', end + 1), text.size());
        if (!belong_together(text.substr(begin, end - begin),
                             text.substr(end + 1, next - end - 1))) {
            break;
        }
        begin = end + 1;
        end = next;
    }
    return end;
}

// Bytes of the first `columns` columns, colour sequences before and between them included.
std::size_t bytes_of_columns(std::string_view text, std::size_t columns) {
    std::size_t at = 0;
    std::size_t width = 0;
    while (at < text.size()) {
        std::size_t length = code_point_length(text.substr(at));
        const bool sequence = text[at] == '\x1b';
        if (sequence) {
            length = std::min(text.find('m', at), text.size() - 1) - at + 1;
        }
        if (!sequence && ++width > columns) {
            break;
        }
        at += length;
    }
    return at;
}

} // namespace

std::string inked(std::string_view text, Ink ink, const TextStyle& style) {
    if (!style.colour || ink == Ink::plain) {
        return std::string(text);
    }
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

std::string fitting(std::string_view text, const TextStyle& style) {
    if (style.unicode) {
        return std::string(text);
    }
    std::string out;
    while (!text.empty()) {
        const std::size_t length = code_point_length(text);
        const std::string_view sign = text.substr(0, length);
        const auto known = std::ranges::find(ascii_forms, sign, &AsciiForm::sign);
        if (static_cast<unsigned char>(sign.front()) < 0x80) {
            out += sign;
        } else {
            out += known != ascii_forms.end() ? known->ascii : "?";
        }
        text.remove_prefix(length);
    }
    return out;
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
    const std::size_t line_width = std::max<std::size_t>(width, 1);
    std::string out;
    std::size_t column = 0;
    const auto break_line = [&] {
        out.erase(out.find_last_not_of(' ') + 1);
        out += "\n" + std::string(indent, ' ');
        column = 0;
    };
    while (!text.empty()) {
        const std::size_t end = end_of_piece(text);
        std::string_view piece = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (column > 0 && column + 1 + display_width(piece) > line_width) {
            break_line();
        } else if (column > 0) {
            out += ' ';
            ++column;
        }
        while (display_width(piece) > line_width) {
            const std::size_t cut = bytes_of_columns(piece, line_width);
            out += piece.substr(0, cut);
            piece.remove_prefix(cut);
            break_line();
        }
        out += piece;
        column += display_width(piece);
    }
    return out;
}

} // namespace joulemark::report
