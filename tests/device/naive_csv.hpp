// Lines and fields of a CSV text by the plainest code there is: what the fast scanner is compared
// with.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::test {

struct NaiveLine {
    std::string text;
    bool terminated = false;

    friend bool operator==(const NaiveLine&, const NaiveLine&) = default;
};

inline std::vector<NaiveLine> naive_lines(std::string_view text) {
    if (text.substr(0, 3) == "\xEF\xBB\xBF") {
        text.remove_prefix(3);
    }
    std::vector<NaiveLine> lines;
    std::string line;
    bool pending = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\n' && text[i] != '\r') {
            line += text[i];
            pending = true;
            continue;
        }
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
            ++i;
        }
        lines.push_back({line, true});
        line.clear();
        pending = false;
    }
    if (pending) {
        lines.push_back({line, false});
    }
    return lines;
}

// One character at a time through the states of a field; nothing for bad quotes.
inline std::optional<std::vector<std::string>> naive_fields(std::string_view line) {
    enum class State { before, plain, quoted, after };
    std::vector<std::string> fields;
    std::string field;
    State state = State::before;
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    const auto finish = [&] {
        if (state == State::plain) {
            while (!field.empty() && is_blank(field.back())) {
                field.pop_back();
            }
        }
        fields.push_back(field);
        field.clear();
        state = State::before;
    };
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (state == State::quoted) {
            if (c != '"') {
                field += c;
            } else if (i + 1 < line.size() && line[i + 1] == '"') {
                field += '"';
                ++i;
            } else {
                state = State::after;
            }
        } else if (c == ',') {
            finish();
        } else if (state == State::after) {
            if (!is_blank(c)) {
                return std::nullopt;
            }
        } else if (state == State::before && is_blank(c)) {
            continue;
        } else if (state == State::before && c == '"') {
            state = State::quoted;
        } else {
            field += c;
            state = State::plain;
        }
    }
    if (state == State::quoted) {
        return std::nullopt;
    }
    finish();
    return fields;
}

} // namespace joulemark::test
