#include "report/power_chart.hpp"

#include "report/number_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

namespace joulemark::report {

namespace {

using analysis::BinMeans;
using analysis::Phase;
using analysis::PhaseKind;

constexpr std::size_t axis_columns = 10;
constexpr std::array<std::string_view, 9> eighths{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 3> halves{" ", ".", "#"};

struct Column {
    std::optional<double> watts; // mean over the valid bins
    std::optional<PhaseKind> phase;
};

std::vector<Column> columns_of(const BinMeans& curve, Window window, std::size_t count) {
    std::vector<double> sum(count, 0.0);
    std::vector<double> weight(count, 0.0);
    const double length = to_seconds(window.length()).value();
    if (length <= 0.0) {
        return std::vector<Column>(count);
    }
    for (std::size_t i = 0; i < curve.power_watts.size(); ++i) {
        if (curve.valid[i] == 0 || !std::isfinite(curve.power_watts[i])) {
            continue;
        }
        const double begin = to_seconds(curve.begin - window.begin).value() +
                             static_cast<double>(i) * curve.width.value();
        const double from = std::clamp(
            begin / length * static_cast<double>(count), 0.0, static_cast<double>(count));
        const double to =
            std::clamp((begin + curve.width.value()) / length * static_cast<double>(count),
                       from,
                       static_cast<double>(count));
        for (auto k = static_cast<std::size_t>(from); k < count && static_cast<double>(k) < to;
             ++k) {
            const double share =
                std::min(to, static_cast<double>(k + 1)) - std::max(from, static_cast<double>(k));
            sum[k] += share * curve.power_watts[i];
            weight[k] += share;
        }
    }
    std::vector<Column> out(count);
    for (std::size_t k = 0; k < count; ++k) {
        if (weight[k] > 0.0 && std::isfinite(sum[k] / weight[k])) {
            out[k].watts = sum[k] / weight[k];
        }
    }
    return out;
}

// Each column takes the phase that fills most of it.
void add_phases(std::vector<Column>& columns, std::span<const Phase> phases, Window window) {
    std::vector<double> most(columns.size(), 0.0);
    const double length = to_seconds(window.length()).value();
    if (length <= 0.0) {
        return;
    }
    const auto scale = static_cast<double>(columns.size()) / length;
    for (const Phase& phase : phases) {
        const double from = to_seconds(phase.window.begin - window.begin).value() * scale;
        const double to = to_seconds(phase.window.end - window.begin).value() * scale;
        const auto first = static_cast<std::size_t>(std::max(0.0, std::floor(from)));
        for (std::size_t k = first; k < columns.size() && static_cast<double>(k) < to; ++k) {
            const double share =
                std::min(to, static_cast<double>(k + 1)) - std::max(from, static_cast<double>(k));
            if (share <= most[k]) {
                continue;
            }
            most[k] = share;
            columns[k].phase = phase.kind;
        }
    }
}

// 1, 2, 2.5 or 5 times a power of ten, not below `watts`.
double round_up(double watts) {
    if (watts <= 0.0) {
        return 1.0;
    }
    const double decade = std::pow(10.0, std::floor(std::log10(watts)));
    for (const double step : {1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0}) {
        if (watts <= step * decade) {
            return step * decade;
        }
    }
    return 10.0 * decade;
}

std::string_view cell(double watts, double top, std::size_t row, std::size_t rows, bool unicode) {
    const double level = watts / top * static_cast<double>(rows) - static_cast<double>(row);
    const auto glyph = [&](std::span<const std::string_view> glyphs) {
        const auto steps = static_cast<double>(glyphs.size() - 1);
        return glyphs[static_cast<std::size_t>(std::clamp(std::round(level * steps), 0.0, steps))];
    };
    return unicode ? glyph(eighths) : glyph(halves);
}

// At most eight columns: "107.1 W", "12.5 kW", "2e+14 W".
std::string level_text(double watts) {
    if (watts < 1e4 && watts >= 0.1) {
        return fmt::format("{:.4g} W", watts);
    }
    if (watts >= 1e4 && watts < 1e7) {
        return fmt::format("{:.4g} kW", watts * 1e-3);
    }
    return fmt::format("{:.0e} W", watts);
}

char phase_letter(PhaseKind kind) { return to_string(kind).front(); }

std::string phase_line(std::span<const Column> columns, const TextStyle& style) {
    std::string out;
    for (const Column& column : columns) {
        if (!column.phase) {
            out += ' ';
            continue;
        }
        out += inked(std::string(1, phase_letter(*column.phase)), phase_ink(*column.phase), style);
    }
    return out;
}

std::string time_axis(Window window, std::size_t columns) {
    const Seconds length = to_seconds(window.length());
    const std::string end = duration_text(length);
    const std::string middle = duration_text(length / 2);
    std::string line(columns, ' ');
    const auto put = [&](std::size_t at, const std::string& text) {
        for (std::size_t i = 0; i < text.size() && at + i < line.size(); ++i) {
            line[at + i] = text[i];
        }
    };
    put(0, "0");
    if (columns > 3 * middle.size() + end.size()) {
        put(columns / 2 - middle.size() / 2, middle);
    }
    if (end.size() < columns) {
        put(columns - end.size(), end);
    }
    return line;
}

std::string chart_row(std::span<const Column> columns,
                      double top,
                      std::size_t row,
                      std::size_t rows,
                      const TextStyle& style) {
    std::string out;
    for (const Column& column : columns) {
        const std::string_view glyph =
            column.watts ? cell(*column.watts, top, row, rows, style.unicode) : " ";
        out += inked(glyph, column.phase ? phase_ink(*column.phase) : Ink::plain, style);
    }
    return out;
}

} // namespace

Ink phase_ink(PhaseKind kind) {
    switch (kind) {
    case PhaseKind::idle:
        return Ink::dim;
    case PhaseKind::ramp:
        return Ink::yellow;
    case PhaseKind::prefill:
        return Ink::magenta;
    case PhaseKind::decode:
        return Ink::cyan;
    case PhaseKind::fall:
        return Ink::blue;
    }
    return Ink::plain;
}

std::string power_chart(const BinMeans& curve,
                        Window window,
                        std::span<const Phase> phases,
                        std::size_t rows,
                        const TextStyle& style) {
    constexpr std::size_t narrowest = 40;
    const std::size_t count = std::max(style.width, narrowest) - axis_columns - 1;
    std::vector<Column> columns = columns_of(curve, window, count);
    add_phases(columns, phases, window);
    double most = 0.0;
    for (const Column& column : columns) {
        most = std::max(most, column.watts.value_or(0.0));
    }
    const double top = round_up(most);
    const std::string_view tee = style.unicode ? "┤" : "|";
    const std::string_view corner = style.unicode ? "┼" : "+";

    std::string out;
    for (std::size_t row = rows; row-- > 0;) {
        // A label names the upper edge of its row.
        const double level = top * static_cast<double>(row + 1) / static_cast<double>(rows);
        const bool labelled = row + 1 == rows || row + 1 == rows / 2;
        out += right_padded(labelled ? level_text(level) + " " : std::string(), axis_columns - 1);
        out += inked(row == 0 ? corner : tee, Ink::dim, style);
        out += chart_row(columns, top, row, rows, style);
        out.erase(out.find_last_not_of(' ') + 1);
        out += '\n';
    }
    if (!phases.empty()) {
        out += padded("  phase", axis_columns) + phase_line(columns, style) + "\n";
    }
    out += padded("", axis_columns) + inked(time_axis(window, count), Ink::dim, style) + "\n";
    return out;
}

} // namespace joulemark::report
