// The columns of an nvidia-smi CSV: what each holds, from the header or, without one, from the
// first row; and the rows read with that. Internal to the nvidia-smi reader.
#pragma once

#include "core/device_info.hpp"
#include "core/result.hpp"
#include "device/csv_scanner.hpp"
#include "device/log_time.hpp"
#include "device/power_log_cells.hpp"
#include "device/power_log_draft.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::device {

// Views live as long as the line.
struct NvidiaRow {
    std::int64_t time_ns = 0;
    std::string_view key;  // of the GPU; empty when no column names it
    std::string_view name; // empty when missing
    RowValues values;
};

class NvidiaColumns {
public:
    // Kind::parse, with the query to use, when the time or the power is not among the columns.
    [[nodiscard]] static Result<NvidiaColumns> from_header(const CsvFields& header);
    // Only the columns that the cells of a row show beyond doubt: the time, one power, and what
    // names the GPU.
    [[nodiscard]] static Result<NvidiaColumns> from_row(const CsvFields& row);

    // A line of column names rather than readings.
    [[nodiscard]] static bool is_header(const CsvFields& fields);
    // A row that may stand first in a file without header.
    [[nodiscard]] static bool is_row(const CsvFields& fields);

    // The fault says why the row cannot be kept whole. `terminated`: a line break follows.
    [[nodiscard]] std::optional<RowFault> read(const CsvFields& fields,
                                               bool terminated,
                                               NvidiaRow& row);
    // The row read last is kept: its form is that of all.
    void settle(const CsvFields& fields);

    // What the row says about its GPU once and for all.
    void describe(const CsvFields& fields, const std::string& gpu_model, DeviceInfo& device) const;
    // Product and sensor alone.
    void describe_product(std::string_view product, DeviceInfo& device) const;

    [[nodiscard]] bool has_key() const { return key_.has_value(); }
    [[nodiscard]] std::span<const Metric> metrics() const { return metrics_; }
    [[nodiscard]] std::optional<TimeForm> time_form() const { return times_.form(); }
    // Columns left out because nothing says what they are.
    [[nodiscard]] std::size_t unknown_count() const { return unknown_; }

private:
    struct Reading {
        std::size_t place;
        MetricCells cells;
    };
    struct Fact {
        std::size_t place;
        std::optional<std::string> DeviceInfo::* member;
    };
    struct Limit {
        std::size_t place;
        std::optional<Watts> DeviceInfo::* member;
        std::string unit;
    };

    explicit NvidiaColumns(std::size_t width) : width_(width) {}
    void add_header(std::size_t place, std::string_view header);
    void add_reading(std::size_t place,
                     std::string_view name,
                     Metric metric,
                     std::string_view unit);
    [[nodiscard]] Result<void> complete();
    [[nodiscard]] bool may_be_cut(const CsvFields& fields) const;

    std::size_t width_;
    std::optional<std::size_t> time_;
    std::optional<std::size_t> key_;
    std::optional<std::size_t> index_;
    std::optional<std::size_t> name_;
    std::vector<Reading> readings_;
    std::vector<Fact> facts_;
    std::vector<Limit> limits_;
    std::vector<Metric> metrics_;
    LogTimes times_;
    std::size_t time_length_ = 0; // of the first row kept
    std::size_t unknown_ = 0;
    bool settled_ = false;
};

} // namespace joulemark::device
