#include "report/number_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

namespace joulemark::report {

namespace {

constexpr int digits_meant = 4;

// Digits before the decimal point; 0 and less for numbers below 1.
int magnitude(double value) {
    return value == 0.0 ? 1 : static_cast<int>(std::floor(std::log10(std::abs(value)))) + 1;
}

// A thin gap every three digits before the point, from five digits on.
std::string with_gaps(std::string digits) {
    const std::size_t start = digits.starts_with('-') ? 1 : 0;
    std::size_t end = std::min(digits.find('.'), digits.size());
    constexpr std::size_t ungrouped = 4;
    if (end - start <= ungrouped) {
        return digits;
    }
    while (end > start + 3) {
        end -= 3;
        digits.insert(end, 1, ' ');
    }
    return digits;
}

} // namespace

std::string number_text(double value) {
    if (!std::isfinite(value)) {
        return std::string(unknown_text);
    }
    if (value == 0.0) {
        return "0";
    }
    constexpr double most_plain = 1e15;
    constexpr double least_plain = 1e-6;
    if (std::abs(value) >= most_plain || std::abs(value) < least_plain) {
        return fmt::format("{:.4g}", value);
    }
    const int decimals = std::clamp(digits_meant - magnitude(value), 0, 9);
    return with_gaps(fmt::format("{:.{}f}", value, decimals));
}

std::string count_text(std::uint64_t count) { return with_gaps(std::to_string(count)); }

std::string counted(std::uint64_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count_text(count), noun, count == 1 ? "" : "s");
}

std::string quantity_text(double value, std::string_view unit) {
    static constexpr std::array<std::pair<double, std::string_view>, 6> prefixes{
        {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1.0, ""}, {1e-3, "m"}, {1e-6, "µ"}}};
    if (!std::isfinite(value)) {
        return std::string(unknown_text);
    }
    constexpr double most_bare = 1e4;
    constexpr double least_bare = 0.1;
    if (value == 0.0 || (std::abs(value) < most_bare && std::abs(value) >= least_bare)) {
        return fmt::format("{} {}", number_text(value), unit);
    }
    for (const auto& [factor, prefix] : prefixes) {
        if (std::abs(value) >= factor) {
            return fmt::format("{} {}{}", number_text(value / factor), prefix, unit);
        }
    }
    return fmt::format("{:.3g} {}", value, unit);
}

std::string duration_text(Seconds time) {
    const double s = time.value();
    constexpr double longest = 1e12;
    if (!std::isfinite(s) || std::abs(s) > longest) {
        return std::string(unknown_text);
    }
    if (s < 0.0) {
        return "-" + duration_text(time * -1.0);
    }
    if (s == 0.0) {
        return "0 s";
    }
    // What would be rounded up to a thousand of the smaller unit is told in the larger one.
    constexpr double nearly = 0.9995;
    if (s < 1e-6 * nearly) {
        return fmt::format("{:.0f} ns", s * 1e9);
    }
    if (s < 1e-3 * nearly) {
        return fmt::format("{:.3g} µs", s * 1e6);
    }
    if (s < nearly) {
        return fmt::format("{:.3g} ms", s * 1e3);
    }
    if (s < 100.0) {
        return fmt::format("{:.4g} s", s);
    }
    const auto total = static_cast<std::int64_t>(std::llround(s));
    constexpr std::int64_t minute = 60;
    constexpr std::int64_t hour = 3600;
    constexpr std::int64_t day = 86400;
    if (total < hour) {
        return fmt::format("{} min {:02} s", total / minute, total % minute);
    }
    if (total < day) {
        return fmt::format("{} h {:02} min", total / hour, total % hour / minute);
    }
    return fmt::format("{} d {:02} h", total / day, total % day / hour);
}

std::string relative_text(double share, const TextStyle& style) {
    const double percent = 100.0 * std::abs(share);
    constexpr double most_plain = 1e5;
    if (!(percent < most_plain)) {
        return fmt::format("{} {:.3g} %", plus_minus(style), percent);
    }
    const int decimals = percent >= 10.0 ? 0 : percent >= 0.1 ? 1 : 2;
    return fmt::format("{} {:.{}f} %", plus_minus(style), percent, decimals);
}

} // namespace joulemark::report
