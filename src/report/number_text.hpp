// Numbers as people read them: as many digits as are meant, with unit and interval. Pure functions.
#pragma once

#include "core/estimate.hpp"
#include "core/time.hpp"
#include "core/units.hpp"
#include "report/text_style.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace joulemark::report {

// At least four significant digits, thousands apart: "12.35", "0.03150", "1 234 567"; beyond 1e15
// and below 1e-6 with an exponent.
[[nodiscard]] std::string number_text(double value);

// Whole numbers: "30 344", and with their noun: "1 gap", "3 gaps".
[[nodiscard]] std::string count_text(std::uint64_t count);
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);

// With a metric prefix where the bare unit would need more than five digits: "12.35 kJ", "431.2 W",
// "35.20 mJ".
[[nodiscard]] std::string quantity_text(double value, std::string_view unit);
[[nodiscard]] inline std::string text_of(Joules j) { return quantity_text(j.value(), "J"); }
[[nodiscard]] inline std::string text_of(Watts w) { return quantity_text(w.value(), "W"); }

// "199 ns", "250 ms", "12.3 s", "51 min 58 s", "2 h 05 min", "3 d 04 h".
[[nodiscard]] std::string duration_text(Seconds time);

// Half width of an interval against its value, "± 5.1 %"; nothing without an interval or for a
// value of 0.
template <class Q>
[[nodiscard]] std::optional<std::string> spread_text(const Estimate<Q>& estimate,
                                                     const TextStyle& style);

// "not known" in the place of a number.
inline constexpr std::string_view unknown_text = "not known";

[[nodiscard]] std::string relative_text(double share, const TextStyle& style);

template <class Q>
std::optional<std::string> spread_text(const Estimate<Q>& estimate, const TextStyle& style) {
    if (!estimate.interval) {
        return std::nullopt;
    }
    const double value = estimate.value / Q{1.0};
    if (value == 0.0) {
        return std::nullopt;
    }
    const double half = (estimate.interval->high - estimate.interval->low) / Q{1.0} / 2.0;
    return relative_text(half / value, style);
}

} // namespace joulemark::report
