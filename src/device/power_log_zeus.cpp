// The power logs of Zeus (ml-energy/zeus), all of its ages:
//   PowerMonitor until 0.11:   "1712144161.674,66.176,68.792", seconds since 1970 and watts of each
//   GPU, no header;
//                              or the same table saved with its header "time,power0,power1"
//   PowerMonitor samples:      "timestamp,gpu_index,power_mw", of readings that differ from the one
//   before zeus_monitor (C++):        "Time,Power[,Temp][,SMFreq][,Mem]", UTC, milliwatts, of one
//   GPU
#include "core/text.hpp"
#include "device/log_time.hpp"
#include "device/power_log_draft.hpp"
#include "device/power_log_formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace joulemark::device {

namespace {

// What to do with one column.
struct ZeusColumn {
    std::size_t place;
    std::size_t draft; // of the GPU it belongs to
    MetricCells cells;
};

struct ZeusLayout {
    std::size_t width = 0;
    std::size_t time = 0;
    std::optional<std::size_t> gpu; // of the column that names the GPU
    bool utc = false;               // the times are UTC though they do not say so
    std::vector<ZeusColumn> columns;
    std::vector<std::string> names; // of the GPUs; grows when a column names them
    std::vector<Metric> metrics;
};

// "gpu3", "GPU3", "power3": 3.
std::optional<std::size_t> gpu_of_column(std::string_view name) {
    for (const std::string_view prefix : {"power", "gpu"}) {
        if (!name.starts_with(prefix)) {
            continue;
        }
        const std::string_view digits = name.substr(prefix.size());
        std::size_t number = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (error == std::errc{} && end == digits.data() + digits.size() && digits.size() <= 4) {
            return number;
        }
    }
    return std::nullopt;
}

struct LegacyColumn {
    std::string_view name;
    Metric metric;
    std::string_view unit;
};

constexpr std::array<LegacyColumn, 4> legacy_columns{{
    {"power", Metric::power, "mW"},
    {"temp", Metric::temperature, "C"},
    {"smfreq", Metric::sm_clock, "MHz"},
    {"mem", Metric::memory_used, "B"},
}};

std::vector<std::string> lowered(const CsvFields& fields) {
    std::vector<std::string> names;
    for (const std::string_view field : fields.all()) {
        names.push_back(to_lower(field));
    }
    return names;
}

std::optional<std::size_t> place_of(const std::vector<std::string>& names, std::string_view name) {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
        return std::nullopt;
    }
    return static_cast<std::size_t>(found - names.begin());
}

void add(ZeusLayout& layout,
         std::size_t place,
         std::size_t draft,
         std::string_view name,
         Metric metric,
         std::string_view unit) {
    if (auto cells = MetricCells::make(name, metric, unit)) {
        layout.columns.push_back({place, draft, std::move(*cells)});
    }
    if (std::ranges::count(layout.metrics, metric) == 0) {
        layout.metrics.push_back(metric);
    }
}

// Nothing for what is no header of Zeus.
std::optional<ZeusLayout> layout_of_header(const CsvFields& fields) {
    const std::vector<std::string> names = lowered(fields);
    const auto time = place_of(names, "time").has_value() ? place_of(names, "time")
                                                          : place_of(names, "timestamp");
    if (!time) {
        return std::nullopt;
    }
    ZeusLayout layout;
    layout.width = fields.size();
    layout.time = *time;
    const auto power_mw = place_of(names, "power_mw");
    layout.gpu = place_of(names, "gpu_index");
    if (layout.gpu && power_mw) {
        add(layout, *power_mw, 0, "power_mw", Metric::power, "mW");
        return layout;
    }
    layout.gpu.reset();
    if (fields[*time] == "Time" && place_of(names, "power")) {
        layout.utc = true;
        layout.names = {"gpu0"};
        for (const LegacyColumn& column : legacy_columns) {
            if (const auto place = place_of(names, column.name)) {
                add(layout, *place, 0, column.name, column.metric, column.unit);
            }
        }
        return layout;
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto gpu = gpu_of_column(names[i]);
        if (!gpu || place_of(layout.names, fmt::format("gpu{}", *gpu))) {
            continue;
        }
        add(layout, i, layout.names.size(), names[i], Metric::power, "W");
        layout.names.push_back(fmt::format("gpu{}", *gpu));
    }
    if (layout.names.empty()) {
        return std::nullopt;
    }
    return layout;
}

// Python prints a float with a point or an exponent: columns of whole numbers are not Zeus's.
bool is_python_float(std::string_view cell) {
    std::string_view rest = cell;
    return cell.find_first_of(".e") != std::string_view::npos && take_number(rest) && rest.empty();
}

bool is_bare_row(const CsvFields& fields) {
    if (fields.size() < 2 || !looks_like_time(fields[0])) {
        return false;
    }
    LogTimes times;
    if (!times.read(fields[0]) || times.form() != TimeForm::epoch_seconds) {
        return false;
    }
    return std::ranges::all_of(fields.all().subspan(1), is_python_float);
}

ZeusLayout layout_of_bare_row(const CsvFields& fields) {
    ZeusLayout layout;
    layout.width = fields.size();
    for (std::size_t i = 1; i < fields.size(); ++i) {
        layout.names.push_back(fmt::format("gpu{}", i - 1));
        add(layout, i, i - 1, layout.names.back(), Metric::power, "W");
    }
    return layout;
}

class ZeusLog {
public:
    explicit ZeusLog(const PowerLogOptions& options) : options_(options) {}

    Result<PowerLog> read(LineReader& lines) {
        for (Line line; lines.next(line);) {
            if (trim_blanks(line.text).empty()) {
                continue;
            }
            const bool cut_up = !line.too_long && fields_.split(line.text);
            if (begun_) {
                take_row(line, cut_up);
            } else if (auto begun = begin(line, cut_up); !begun) {
                return tl::unexpected(begun.error());
            }
        }
        if (lines.error()) {
            return tl::unexpected(*lines.error());
        }
        LogTimeline timeline = wall_timeline(times_.form(), options_);
        if (layout_.utc) {
            timeline = {false, 0};
        }
        return finish(LogFormat::zeus, std::move(drafts_).take(), timeline, std::move(notes_));
    }

private:
    Result<void> begin(const Line& line, bool cut_up) {
        begun_ = true;
        if (fields_.size() > DraftsByKey::most) {
            return fail(
                Kind::parse,
                fmt::format("line {} has more than {} columns", line.number, DraftsByKey::most));
        }
        if (!cut_up) {
            return fail(Kind::parse, fmt::format("line {} is not of a Zeus log", line.number));
        }
        auto layout = layout_of_header(fields_);
        if (!layout && fields_.size() > 1 && looks_like_time(fields_[0])) {
            layout_ = layout_of_bare_row(fields_);
            make_drafts();
            take_row(line, true);
            return {};
        }
        if (!layout) {
            return fail(
                Kind::parse,
                fmt::format("line {} is neither a header nor a row of a Zeus power log: \"{}\"",
                            line.number,
                            printable(line.text, 80)));
        }
        layout_ = std::move(*layout);
        make_drafts();
        return {};
    }

    void make_drafts() {
        for (const std::string& name : layout_.names) {
            make_draft(name);
        }
        values_.resize(std::max<std::size_t>(layout_.names.size(), 1));
    }

    void make_draft(const std::string& name) {
        TraceDraft draft(layout_.metrics);
        draft.device.backend = "import";
        draft.device.name = name;
        describe_gpu(draft.device,
                     options_.gpu_model,
                     layout_.utc ? PowerReading::power_draw : PowerReading::instant,
                     layout_.utc ? "Zeus (nvmlDeviceGetPowerUsage)"
                                 : "Zeus (instant power where the GPU has it)");
        if (layout_.gpu) {
            draft.device.notes.emplace_back("Zeus wrote only readings that differ from the one "
                                            "before: a wait may be a constant power");
        }
        drafts_.put(name, std::move(draft));
    }

    void take_row(const Line& line, bool cut_up) {
        notes_.count_row();
        if (const auto fault = read_row(line, cut_up)) {
            notes_.refuse(line.number, *fault);
            return;
        }
        for (std::size_t i = 0; i < values_.size(); ++i) {
            TraceDraft& draft = drafts_.at(layout_.gpu ? draft_of_row_ : i);
            draft.append(line.number, instant_at(time_ns_), values_[i]);
        }
        for (ZeusColumn& column : layout_.columns) {
            column.cells.settle();
        }
    }

    // The GPU that the row names, new or not.
    std::optional<RowFault> find_gpu() {
        const std::string_view cell = fields_[*layout_.gpu];
        const auto number = parse_int(cell);
        if (!number || *number < 0) {
            return RowFault{"gpu_index", cell, "is not the number of a GPU"};
        }
        const std::string name = fmt::format("gpu{}", *number);
        const auto slot = drafts_.slot(name);
        if (!slot) {
            return RowFault{"gpu_index", cell, "is one GPU too many"};
        }
        if (slot->is_new) {
            make_draft(name);
        }
        draft_of_row_ = slot->index;
        return std::nullopt;
    }

    std::optional<RowFault> read_row(const Line& line, bool cut_up) {
        if (line.too_long) {
            return RowFault{{}, line.text, "begins a line longer than 1 MiB"};
        }
        if (!cut_up) {
            return RowFault{{}, line.text, "has a quote that is not closed"};
        }
        if (fields_.size() != layout_.width) {
            return RowFault{{}, {}, "has another number of columns than the first line"};
        }
        const auto time = times_.read(fields_[layout_.time]);
        if (!time) {
            return RowFault{"time", fields_[layout_.time], "is not a time"};
        }
        time_ns_ = *time;
        for (ZeusColumn& column : layout_.columns) {
            const auto metric = static_cast<std::size_t>(column.cells.metric());
            const std::string_view cell = fields_[column.place];
            if (!column.cells.read(cell, values_[column.draft][metric])) {
                return column.cells.fault(cell);
            }
            if (!line.terminated && column.place + 1 == layout_.width &&
                column.cells.may_be_cut(cell)) {
                return RowFault{{}, cell, "may be cut off: the file ends in it"};
            }
        }
        return layout_.gpu ? find_gpu() : std::nullopt;
    }

    const PowerLogOptions& options_;
    CsvFields fields_;
    ZeusLayout layout_;
    LogTimes times_;
    std::int64_t time_ns_ = 0;
    std::vector<RowValues> values_; // of the row read last, for each GPU
    std::size_t draft_of_row_ = 0;  // where a column names the GPU
    DraftsByKey drafts_;
    LogNotes notes_;
    bool begun_ = false;
};

} // namespace

bool begins_zeus(std::string_view line) {
    CsvFields fields;
    return fields.split(line) && (layout_of_header(fields).has_value() || is_bare_row(fields));
}

Result<PowerLog> read_zeus(LineReader& lines, const PowerLogOptions& options) {
    return ZeusLog(options).read(lines);
}

} // namespace joulemark::device
