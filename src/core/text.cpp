#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace joulemark {

namespace {

// Length of the valid UTF-8 sequence at the front of `text`, 0 when there is none (RFC 3629: no
// overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto continues = [&](std::size_t i) {
        return i < text.size() && (byte(i) & 0xC0U) == 0x80U;
    };
    const unsigned char lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return continues(1) ? 2 : 0;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (!continues(1) || !continues(2)) {
            return 0;
        }
        if (lead == 0xE0 && byte(1) < 0xA0) {
            return 0;
        }
        if (lead == 0xED && byte(1) > 0x9F) {
            return 0;
        }
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (!continues(1) || !continues(2) || !continues(3)) {
            return 0;
        }
        if (lead == 0xF0 && byte(1) < 0x90) {
            return 0;
        }
        if (lead == 0xF4 && byte(1) > 0x8F) {
            return 0;
        }
        return 4;
    }
    return 0;
}

// C0, DEL and the two-byte C1 block (U+0080..U+009F), which some terminals obey.
bool is_control(std::string_view sequence) {
    const auto first = static_cast<unsigned char>(sequence[0]);
    if (sequence.size() == 1) {
        return first < 0x20 || first == 0x7F;
    }
    return first == 0xC2 && static_cast<unsigned char>(sequence[1]) < 0xA0;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

} // namespace

std::string printable(std::string_view text, std::size_t max_bytes) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = std::max<std::size_t>(utf8_length(text), 1);
        const std::string_view sequence = text.substr(0, length);
        std::string piece(sequence);
        if (utf8_length(text) == 0 || is_control(sequence)) {
            piece.clear();
            for (const char c : sequence) {
                piece += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
            }
        }
        if (out.size() + piece.size() > max_bytes) {
            return out + "…";
        }
        out += piece;
        text.remove_prefix(length);
    }
    return out;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::optional<double> parse_double(std::string_view text) {
    double value = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    if (!std::isfinite(value)) {
        return std::nullopt;
    }
    return value;
}

std::optional<std::int64_t> parse_int(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

std::optional<double> parse_duration_seconds(std::string_view text) {
    struct Unit {
        std::string_view name;
        double seconds;
    };
    // Longer names first: "ms" ends in "s".
    static constexpr std::array<Unit, 8> units{{{"ns", 1e-9},
                                                {"us", 1e-6},
                                                {"µs", 1e-6},
                                                {"ms", 1e-3},
                                                {"s", 1.0},
                                                {"m", 60.0},
                                                {"h", 3600.0},
                                                {"d", 86400.0}}};
    text = trim(text);
    double factor = 1.0;
    for (const Unit& unit : units) {
        if (text.ends_with(unit.name)) {
            factor = unit.seconds;
            text = trim(text.substr(0, text.size() - unit.name.size()));
            break;
        }
    }
    const auto number = parse_double(text);
    if (!number || *number < 0.0 || !std::isfinite(*number * factor)) {
        return std::nullopt;
    }
    return *number * factor;
}

} // namespace joulemark
