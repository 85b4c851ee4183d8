#include "physics/architecture.hpp"

#include "core/text.hpp"

#include <array>
#include <string>

namespace joulemark::physics {

namespace {

using enum Architecture;

struct Family {
    std::string_view word;
    Architecture architecture;
};

// Words of product names, alone or followed by letters: "4090" is also in "4090D", not in "40900".
// From NVIDIA's product pages.
constexpr std::array families = std::to_array<Family>({
    {"blackwell", blackwell},
    {"b100", blackwell},
    {"b200", blackwell},
    {"b300", blackwell},
    {"gb200", blackwell},
    {"gb300", blackwell},
    {"5050", blackwell},
    {"5060", blackwell},
    {"5070", blackwell},
    {"5080", blackwell},
    {"5090", blackwell},
    {"h100", hopper},
    {"h200", hopper},
    {"h800", hopper},
    {"h20", hopper},
    {"gh200", hopper},
    {"ada", ada},
    {"l4", ada},
    {"l20", ada},
    {"l40", ada},
    {"4060", ada},
    {"4070", ada},
    {"4080", ada},
    {"4090", ada},
    {"a100", ampere_ga100},
    {"a800", ampere_ga100},
    {"a30", ampere_ga100},
    {"a2", ampere_ga10x},
    {"a10", ampere_ga10x},
    {"a16", ampere_ga10x},
    {"a40", ampere_ga10x},
    {"a2000", ampere_ga10x},
    {"a4000", ampere_ga10x},
    {"a4500", ampere_ga10x},
    {"a5000", ampere_ga10x},
    {"a5500", ampere_ga10x},
    {"a6000", ampere_ga10x},
    {"3050", ampere_ga10x},
    {"3060", ampere_ga10x},
    {"3070", ampere_ga10x},
    {"3080", ampere_ga10x},
    {"3090", ampere_ga10x},
    {"t4", turing},
    {"1650", turing},
    {"1660", turing},
    {"2060", turing},
    {"2070", turing},
    {"2080", turing},
    {"v100", volta},
    {"p100", pascal},
    {"p40", pascal},
    {"p4", pascal},
    {"1050", pascal},
    {"1060", pascal},
    {"1070", pascal},
    {"1080", pascal},
    {"m40", maxwell},
    {"m60", maxwell},
    {"k40", kepler},
    {"k80", kepler},
});

constexpr bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_word_character(char c) { return is_letter(c) || (c >= '0' && c <= '9'); }

bool is_word_of(std::string_view word, std::string_view family) {
    if (!word.starts_with(family)) {
        return false;
    }
    for (const char c : word.substr(family.size())) {
        if (!is_letter(c)) {
            return false;
        }
    }
    return true;
}

Architecture architecture_of_word(std::string_view word) {
    if (word.starts_with("rtx") && word.size() > 3) {
        word.remove_prefix(3); // "rtx4090"
    }
    for (const Family& family : families) {
        if (is_word_of(word, family.word)) {
            return family.architecture;
        }
    }
    return unknown;
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
        return minor == 0 ? ampere_ga100 : minor == 9 ? ada : ampere_ga10x;
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
    // A word that names the architecture outright wins: the "RTX 6000 Ada" and the "RTX PRO 6000
    // Blackwell" share their numbers with older cards.
    Architecture found = unknown;
    for (std::size_t begin = 0; begin < name.size();) {
        std::size_t end = begin;
        while (end < name.size() && is_word_character(name[end])) {
            ++end;
        }
        const std::string_view word = std::string_view(name).substr(begin, end - begin);
        const Architecture here = architecture_of_word(word);
        if (word == "ada" || word == "blackwell") {
            return here;
        }
        if (found == unknown) {
            found = here;
        }
        begin = end + 1;
    }
    return found;
}

} // namespace joulemark::physics
