#include "device/power_log_cells.hpp"

#include "core/text.hpp"
#include "core/trace.hpp"
#include "device/csv_scanner.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <span>

namespace joulemark::device {

namespace {

constexpr std::array<double, 16> power_of_ten{
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
// So many decimal digits always fit the 53 bits of a double, and their quotient by a power of ten
// is rounded once.
constexpr std::size_t exact_digits = 15;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<double> take_long_number(std::string_view& text) {
    double value = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || !std::isfinite(value)) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

std::size_t decimals_of(std::string_view cell) {
    const std::size_t point = cell.find('.');
    if (point == std::string_view::npos) {
        return 0;
    }
    std::size_t end = point + 1;
    while (end < cell.size() && is_digit(cell[end])) {
        ++end;
    }
    return end - point - 1;
}

constexpr std::array watt_units{CellUnit{"W"}, CellUnit{"mW", 1.0, 1e3}, CellUnit{"kW", 1e3}};
constexpr std::array joule_units{CellUnit{"mJ", 1.0, 1e3}, CellUnit{"J"}};
constexpr std::array celsius_units{CellUnit{"C"}, CellUnit{"°C"}};
constexpr std::array ratio_units{CellUnit{"%", 1.0, 1e2}};
constexpr std::array byte_units{CellUnit{"MiB", 1048576.0},
                                CellUnit{"MB", 1048576.0},
                                CellUnit{"KiB", 1024.0},
                                CellUnit{"GiB", 1073741824.0},
                                CellUnit{"B"},
                                CellUnit{"bytes"}};
constexpr std::array hertz_units{CellUnit{"MHz", 1e6}, CellUnit{"GHz", 1e9}, CellUnit{"Hz"}};

std::span<const CellUnit> units_of(Metric metric) {
    switch (metric) {
    case Metric::power:
    case Metric::average_power:
    case Metric::power_limit:
        return watt_units;
    case Metric::energy_counter:
        return joule_units;
    case Metric::temperature:
    case Metric::memory_temperature:
        return celsius_units;
    case Metric::utilisation:
    case Metric::memory_utilisation:
        return ratio_units;
    case Metric::memory_used:
        return byte_units;
    case Metric::sm_clock:
    case Metric::memory_clock:
        return hertz_units;
    case Metric::throttle_reasons:
        break;
    }
    return {};
}

ValueRange range_of(Metric metric) {
    switch (metric) {
    case Metric::power:
    case Metric::average_power:
    case Metric::power_limit:
        return {0.0, 1e5};
    case Metric::energy_counter:
        return {0.0, 1e18};
    case Metric::temperature:
    case Metric::memory_temperature:
        return {-100.0, 300.0};
    case Metric::utilisation:
    case Metric::memory_utilisation:
        return {0.0, 1.0};
    case Metric::memory_used:
        return {0.0, 1e15};
    case Metric::sm_clock:
    case Metric::memory_clock:
        return {0.0, 1e11};
    case Metric::throttle_reasons:
        return {0.0, 4294967295.0};
    }
    return {0.0, 0.0};
}

} // namespace

std::optional<double> take_number(std::string_view& text) {
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const bool negative = text.starts_with('-');
    const char* at = negative ? begin + 1 : begin;
    std::uint64_t digits = 0;
    const char* const first = at;
    for (; at != end && is_digit(*at); ++at) {
        digits = digits * 10 + static_cast<unsigned>(*at - '0');
    }
    std::size_t count = static_cast<std::size_t>(at - first);
    std::size_t decimals = 0;
    if (at != end && *at == '.') {
        const char* const point = at++;
        for (; at != end && is_digit(*at); ++at) {
            digits = digits * 10 + static_cast<unsigned>(*at - '0');
        }
        decimals = static_cast<std::size_t>(at - point) - 1;
        count += decimals;
    }
    if (count == 0) {
        return std::nullopt;
    }
    if (count > exact_digits || (at != end && (*at == 'e' || *at == 'E'))) {
        return take_long_number(text);
    }
    text.remove_prefix(static_cast<std::size_t>(at - begin));
    const double value = static_cast<double>(digits) / power_of_ten[decimals];
    return negative ? -value : value;
}

bool is_missing(std::string_view cell) {
    if (cell.empty() || (cell.front() == '[' && cell.back() == ']')) {
        return true;
    }
    for (const std::string_view word :
         {"N/A", "-", "nan", "ERR!", "Not Supported", "Unknown Error"}) {
        if (equals_ignoring_case(cell, word)) {
            return true;
        }
    }
    return false;
}

std::optional<CellUnit> cell_unit(Metric metric, std::string_view name) {
    const auto units = units_of(metric);
    if (units.empty()) {
        return std::nullopt;
    }
    if (name.empty()) {
        return units.front();
    }
    for (const CellUnit& unit : units) {
        if (unit.name == name) {
            return unit;
        }
    }
    return std::nullopt;
}

std::string RowFault::describe() const {
    constexpr std::size_t shown = 60;
    std::string out =
        column.empty() ? std::string() : fmt::format("{}: ", printable(column, shown));
    if (!cell.empty()) {
        out += fmt::format("\"{}\" ", printable(cell, shown));
    }
    return out.append(problem);
}

MetricCells::MetricCells(std::string_view column, Metric metric, CellUnit unit)
    : column_(column), metric_(metric), unit_(unit), range_(range_of(metric)) {}

std::optional<MetricCells> MetricCells::make(std::string_view column,
                                             Metric metric,
                                             std::string_view header_unit) {
    const auto unit = cell_unit(metric, header_unit);
    if (!unit) {
        return std::nullopt;
    }
    return MetricCells(column, metric, *unit);
}

bool MetricCells::refuse(std::string_view problem) {
    problem_ = problem;
    return false;
}

bool MetricCells::learn(std::string_view cell, std::string_view suffix) {
    const auto unit = cell_unit(metric_, trim_blanks(suffix));
    if (!unit) {
        return refuse("is not a number");
    }
    if (settled_) {
        return refuse(suffix.empty() ? "has lost its unit"
                                     : "has another unit than the rows before");
    }
    if (!suffix.empty()) {
        unit_ = *unit;
    }
    suffix_ = suffix;
    decimals_ = decimals_of(cell);
    return true;
}

bool MetricCells::may_be_cut(std::string_view cell) const {
    return suffix_ && suffix_->empty() && decimals_of(cell) != decimals_;
}

bool MetricCells::read(std::string_view cell, double& value) {
    std::string_view rest = cell;
    const auto number = take_number(rest);
    if (!number) {
        value = missing_reading;
        return is_missing(cell) || refuse("is not a number");
    }
    if ((!settled_ || rest != *suffix_) && !learn(cell, rest)) {
        return false;
    }
    value = unit_.to_si(*number);
    if (value >= range_.low && value <= range_.high) {
        return true;
    }
    return refuse(value < range_.low ? "is too small to be true" : "is too large to be true");
}

} // namespace joulemark::device
