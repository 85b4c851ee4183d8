#include "physics/architecture.hpp"

#include "core/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace joulemark::physics {

namespace {

using enum Architecture;

struct Family {
    Architecture architecture;
    std::string_view words;
};

// Words of product names, alone or followed by letters: "4090" is also in "4090D", not in "40900".
// From NVIDIA's product pages.
constexpr std::array families = std::to_array<Family>({
    {blackwell, "blackwell b100 b200 b300 gb200 gb300 5050 5060 5070 5080 5090"},
    {hopper, "h100 h200 h800 h20 gh200"},
    {ada, "ada l4 l20 l40 4060 4070 4080 4090"},
    {ampere_ga100, "a100 a800 a30"},
    {ampere_ga10x, "a2 a10 a16 a40 a2000 a4000 a4500 a5000 a5500 a6000 3050 3060 3070 3080 3090"},
    {turing, "t4 1650 1660 2060 2070 2080"},
    {volta, "v100"},
    {pascal, "p100 p40 p4 1050 1060 1070 1080"},
    {maxwell, "m40 m60"},
    {kepler, "k40 k80"},
});

constexpr bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
constexpr std::string_view word_characters = "abcdefghijklmnopqrstuvwxyz0123456789";

// Cuts the next run of letters and digits off `text`; empty at its end.
std::string_view take_word(std::string_view& text) {
    const std::size_t begin = std::min(text.find_first_of(word_characters), text.size());
    const std::size_t end = std::min(text.find_first_not_of(word_characters, begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    text.remove_prefix(end);
    return word;
}

bool has_word(const Family& family, std::string_view word) {
    std::string_view rest = family.words;
    for (auto known = take_word(rest); !known.empty(); known = take_word(rest)) {
        if (word.starts_with(known) && std::ranges::all_of(word.substr(known.size()), is_letter)) {
            return true;
        }
    }
    return false;
}

Architecture architecture_of_word(std::string_view word) {
    if (word.starts_with("rtx") && word.size() > 3) {
        word.remove_prefix(3); // "rtx4090"
    }
    for (const Family& family : families) {
        if (has_word(family, word)) {
            return family.architecture;
        }
    }
    return unknown;
}

Architecture ampere_or_ada(int minor) {
    if (minor == 0) {
        return ampere_ga100;
    }
    return minor == 9 ? ada : ampere_ga10x;
}

} // namespace

std::string_view to_string(Architecture architecture) {
    switch (architecture) {
    case kepler:
        return "Kepler";
    case maxwell:
        return "Maxwell";
    case pascal:
        return "Pascal";
    case volta:
        return "Volta";
    case turing:
        return "Turing";
    case ampere_ga100:
        return "Ampere (GA100)";
    case ampere_ga10x:
        return "Ampere (GA10x)";
    case ada:
        return "Ada Lovelace";
    case hopper:
        return "Hopper";
    case blackwell:
        return "Blackwell";
    case unknown:
        return "unknown";
    }
    return "unknown";
}

Architecture architecture_of_capability(int major, int minor) {
    switch (major) {
    case 3:
        return kepler;
    case 5:
        return maxwell;
    case 6:
        return pascal;
    case 7:
        return minor < 5 ? volta : turing;
    case 8:
        return ampere_or_ada(minor);
    case 9:
        return hopper;
    case 10:
    case 12:
        return blackwell;
    default:
        return unknown;
    }
}

Architecture architecture_of_capability(std::string_view capability) {
    const auto dot = capability.find('.');
    if (dot == std::string_view::npos) {
        return unknown;
    }
    const auto major = parse_int(capability.substr(0, dot));
    const auto minor = parse_int(capability.substr(dot + 1));
    if (!major || !minor || *major < 0 || *major > 99 || *minor < 0 || *minor > 99) {
        return unknown;
    }
    return architecture_of_capability(static_cast<int>(*major), static_cast<int>(*minor));
}

Architecture architecture_of_product(std::string_view product) {
    const std::string name = to_lower(product);
    std::string_view rest = name;
    Architecture found = unknown;
    for (auto word = take_word(rest); found == unknown && !word.empty(); word = take_word(rest)) {
        found = architecture_of_word(word);
    }
    return found;
}

} // namespace joulemark::physics
