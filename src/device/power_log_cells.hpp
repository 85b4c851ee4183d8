// The values in the cells of a power log: numbers with and without units, the many ways to say that
// there is none. Pure functions and small values, for the readers of the single formats.
#pragma once

#include "core/metric.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace joulemark::device {

// The decimal number at the front of `text`, taken off it; nothing (and `text` as it was) for
// anything else. Finite, and the same double as std::from_chars.
[[nodiscard]] std::optional<double> take_number(std::string_view& text);

// "[N/A]", "N/A", "[Not Supported]", "[Unknown Error]", "[GPU is lost]", "ERR!", "-", "nan" or
// nothing at all: a reading that the tool did not have.
[[nodiscard]] bool is_missing(std::string_view cell);

// A written unit and its SI value: value_si = value * multiply / divide, which is exact where one
// of them is 1.
struct CellUnit {
    std::string_view name;
    double multiply = 1.0;
    double divide = 1.0;

    [[nodiscard]] double to_si(double value) const { return value * multiply / divide; }
};

// The unit `name` of a metric ("W", "mW", "%", "MiB", "MHz", "C"); the one that NVIDIA's tools use
// for an empty name. Nothing for a unit that such a metric cannot have.
[[nodiscard]] std::optional<CellUnit> cell_unit(Metric metric, std::string_view name);

// What a reading of the metric can be, SI: outside of it a row is broken, as with a power of a
// megawatt.
struct ValueRange {
    double low = 0.0;
    double high = 0.0;
};

// Why a row was refused, cheap to make: views into the row, put into words only when somebody will
// read them.
struct RowFault {
    std::string_view column;  // may be empty
    std::string_view cell;    // may be empty
    std::string_view problem; // "is not a number"

    // `power.draw: "3O.81 W" is not a number`, safe to show.
    [[nodiscard]] std::string describe() const;
};

// Reads the cells of one column. The first row that is kept decides whether they carry a unit, and
// which: a later cell that differs is a fault, because a cell without its unit may have been cut
// off.
class MetricCells {
public:
    // `header_unit` is what the header says in brackets, empty when it says nothing.
    // Nothing when the metric has no such unit.
    [[nodiscard]] static std::optional<MetricCells> make(std::string_view column,
                                                         Metric metric,
                                                         std::string_view header_unit);

    // The value (SI), NaN when it is missing. False for a cell that is no reading: see fault().
    [[nodiscard]] bool read(std::string_view cell, double& value);
    // Of the cell that read() refused last.
    [[nodiscard]] RowFault fault(std::string_view cell) const { return {column_, cell, problem_}; }

    // The row of the cell read last is kept: its form is that of the column.
    void settle() { settled_ = suffix_.has_value(); }
    [[nodiscard]] bool settled() const { return settled_; }

    // Whether a cell at the very end of a file may have lost its end: it has neither unit nor as
    // many digits behind the point as the first one.
    [[nodiscard]] bool may_be_cut(std::string_view cell) const;

    [[nodiscard]] Metric metric() const { return metric_; }
    // The same quantity under another name in the trace.
    void serve(Metric metric) { metric_ = metric; }
    [[nodiscard]] const std::string& column() const { return column_; }

private:
    MetricCells(std::string_view column, Metric metric, CellUnit unit);
    [[nodiscard]] bool refuse(std::string_view problem);
    [[nodiscard]] bool learn(std::string_view cell, std::string_view suffix);

    std::string column_;
    Metric metric_;
    CellUnit unit_;
    ValueRange range_;
    std::optional<std::string> suffix_; // " W"
    std::string_view problem_;          // with the cell refused last
    std::size_t decimals_ = 0;
    bool settled_ = false;
};

} // namespace joulemark::device
