// joulemark's own trace CSV (docs/reference/log-formats.md): "# key: value" lines about each
// device, then "time_s,device," and the columns of the metric table. A row is a fast reading where
// a fast metric has a value, a slow one where a slow metric has one, and a fast reading that failed
// where nothing has.
#include "core/text.hpp"
#include "core/trace_header.hpp"
#include "device/power_log_draft.hpp"
#include "device/power_log_formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <deque>
#include <functional>
#include <map>
#include <utility>

namespace joulemark::device {

namespace {

constexpr std::string_view magic = "# joulemark-trace/";
constexpr std::string_view version = "1";

// "-12.345678901" as nanoseconds, exactly; nothing when it does not fit or has more digits.
std::optional<std::int64_t> seconds_as_ns(std::string_view text) {
    const bool negative = text.starts_with('-');
    const std::size_t point = std::min(text.find('.'), text.size());
    std::string_view whole = text.substr(negative ? 1 : 0, point - (negative ? 1 : 0));
    std::string_view fraction = text.substr(std::min(point + 1, text.size()));
    if (whole.empty() || whole.front() == '-' || fraction.size() > 9 || fraction.starts_with('-')) {
        return std::nullopt;
    }
    std::uint64_t seconds = 0;
    std::uint64_t ns = 0;
    const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), seconds);
    if (error != std::errc{} || end != whole.data() + whole.size() || seconds > 9'223'372'036) {
        return std::nullopt;
    }
    if (!fraction.empty()) {
        const auto [last, failed] =
            std::from_chars(fraction.data(), fraction.data() + fraction.size(), ns);
        if (failed != std::errc{} || last != fraction.data() + fraction.size()) {
            return std::nullopt;
        }
        for (std::size_t i = fraction.size(); i < 9; ++i) {
            ns *= 10;
        }
    }
    const std::uint64_t total = seconds * 1'000'000'000 + ns;
    const std::uint64_t largest = (std::uint64_t{1} << 63U) - (negative ? 0U : 1U);
    if (total > largest) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(negative ? 0 - total : total);
}

// One device while it is read.
struct Recording {
    TraceHeader header;
    bool reported = false; // the header says how the recording went
    std::optional<std::vector<Metric>> fast_metrics;
    std::optional<std::vector<Metric>> slow_metrics;
    Columns fast;
    Columns slow;
    std::size_t late = 0;
    std::uint32_t first_late = 0;
};

struct MetricColumn {
    std::size_t place;
    Metric metric;
};

bool is_slow(Metric metric) { return info_of(metric).channel == Channel::slow; }

class JoulemarkLog {
public:
    Result<PowerLog> read(LineReader& lines) {
        for (Line line; lines.next(line);) {
            if (trim_blanks(line.text).empty()) {
                continue;
            }
            if (auto taken = take(line); !taken) {
                return tl::unexpected(taken.error());
            }
        }
        if (lines.error()) {
            return tl::unexpected(*lines.error());
        }
        return conclude();
    }

private:
    Result<void> take(const Line& line) {
        if (line.text.starts_with('#')) {
            return take_comment(line);
        }
        const bool cut_up = !line.too_long && fields_.split(line.text);
        if (columns_.empty()) {
            return take_header(line, cut_up);
        }
        notes_.count_row();
        if (const auto fault = read_row(line, cut_up)) {
            notes_.refuse(line.number, *fault);
        }
        return {};
    }

    Result<void> take_comment(const Line& line) {
        if (line.text.starts_with(magic)) {
            const std::string_view written = trim_blanks(line.text.substr(magic.size()));
            if (written == version) {
                return {};
            }
            return fail(
                Kind::unsupported,
                fmt::format(
                    "it is of version {} of the trace format; this joulemark reads version {}",
                    printable(written, 20),
                    version));
        }
        const std::string_view text = trim_blanks(line.text.substr(1));
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos) {
            return {};
        }
        const HeaderLine entry{std::string(trim_blanks(text.substr(0, colon))),
                               std::string(trim_blanks(text.substr(colon + 1)))};
        if (const auto problem = take_entry(entry); !problem.empty()) {
            notes_.count_row();
            notes_.refuse(line.number, {{}, line.text, problem});
        }
        return {};
    }

    // Why the entry cannot be used; empty when it can, or may be ignored.
    std::string take_entry(const HeaderLine& entry) {
        if (entry.key == "device") {
            const auto name = unescape_line(entry.value);
            described_ = name ? recording_of(*name) : nullptr;
            return described_ == nullptr ? "names no device" : "";
        }
        if (described_ == nullptr) {
            return {};
        }
        if (entry.key == "fast" || entry.key == "slow") {
            (entry.key == "fast" ? described_->fast_metrics : described_->slow_metrics) =
                metrics_in(entry.value);
            return {};
        }
        described_->reported = described_->reported || entry.key == "samples";
        const auto known = read_header_line(entry, described_->header);
        return known ? std::string() : known.error().message;
    }

    static std::vector<Metric> metrics_in(std::string_view names) {
        std::vector<Metric> metrics;
        while (!names.empty()) {
            const std::size_t blank = std::min(names.find(' '), names.size());
            const auto metric = metric_with_csv_name(names.substr(0, blank));
            if (metric && std::ranges::count(metrics, *metric) == 0) {
                metrics.push_back(*metric);
            }
            names.remove_prefix(std::min(blank + 1, names.size()));
        }
        return metrics;
    }

    Result<void> take_header(const Line& line, bool cut_up) {
        if (!cut_up || fields_.size() < 3 || fields_[0] != "time_s" || fields_[1] != "device") {
            return fail(
                Kind::parse,
                fmt::format(
                    "line {} is not the header \"time_s,device,...\" of a joulemark trace: \"{}\"",
                    line.number,
                    printable(line.text, 80)));
        }
        width_ = fields_.size();
        for (std::size_t i = 2; i < fields_.size(); ++i) {
            const auto metric = metric_with_csv_name(fields_[i]);
            if (metric && std::ranges::count(columns_, *metric, &MetricColumn::metric) == 0) {
                columns_.push_back({i, *metric});
            }
        }
        if (columns_.empty()) {
            return fail(Kind::parse,
                        fmt::format("line {} names no metric that joulemark knows", line.number));
        }
        return {};
    }

    Recording* recording_of(std::string_view name) {
        const auto found = places_.find(name);
        if (found != places_.end()) {
            return &recordings_[found->second];
        }
        if (recordings_.size() == DraftsByKey::most) {
            return nullptr;
        }
        const std::size_t place = recordings_.size();
        Recording& made = recordings_.emplace_back();
        places_.emplace(name, place);
        made.header.info.device.name = name;
        made.header.info.device.backend = "import";
        return &made;
    }

    std::optional<RowFault> read_row(const Line& line, bool cut_up) {
        if (line.too_long) {
            return RowFault{{}, line.text, "begins a line longer than 1 MiB"};
        }
        if (!line.terminated) {
            return RowFault{{}, {}, "is cut off: the file ends in it"};
        }
        if (!cut_up) {
            return RowFault{{}, line.text, "has a quote that is not closed"};
        }
        if (fields_.size() != width_) {
            return RowFault{{}, {}, "has another number of columns than the header"};
        }
        const auto ns = seconds_as_ns(fields_[0]);
        if (!ns) {
            return RowFault{"time_s", fields_[0], "is not a time in seconds"};
        }
        bool any_fast = false;
        bool any_slow = false;
        for (const MetricColumn& column : columns_) {
            std::string_view cell = fields_[column.place];
            double& value = values_[static_cast<std::size_t>(column.metric)] = missing_reading;
            if (cell.empty()) {
                continue;
            }
            const auto number = take_number(cell);
            if (!number || !cell.empty()) {
                return RowFault{
                    info_of(column.metric).csv, fields_[column.place], "is not a number"};
            }
            value = *number;
            (is_slow(column.metric) ? any_slow : any_fast) = true;
        }
        const auto name = unescape_line(fields_[1]);
        Recording* const recording = name ? recording_of(*name) : nullptr;
        if (recording == nullptr) {
            return RowFault{"device", fields_[1], "is not the name of a device, or one too many"};
        }
        append(*recording, line.number, instant_at(*ns), any_fast || !any_slow, any_slow);
        return std::nullopt;
    }

    void append(Recording& recording, std::uint32_t line, Instant time, bool fast, bool slow) {
        const auto late = [time](const Columns& columns) {
            return !columns.empty() && time <= columns.time.back();
        };
        if ((fast && late(recording.fast)) || (slow && late(recording.slow))) {
            if (recording.late++ == 0) {
                recording.first_late = line;
            }
            notes_.refuse_time(line, "has a time that does not come after that of the row before");
            return;
        }
        if (fast) {
            append_to(recording.fast, time, Channel::fast);
        }
        if (slow) {
            append_to(recording.slow, time, Channel::slow);
        }
    }

    void append_to(Columns& columns, Instant time, Channel channel) {
        columns.time.push_back(time);
        for (const MetricColumn& column : columns_) {
            if (info_of(column.metric).channel != channel) {
                continue;
            }
            columns.values(column.metric)
                .push_back(values_[static_cast<std::size_t>(column.metric)]);
        }
    }

    // The columns that the device has: those it says, else those with a value.
    static void settle_columns(Columns& columns,
                               const std::optional<std::vector<Metric>>& said,
                               Channel channel) {
        for (const MetricInfo& row : metric_table()) {
            std::vector<double>& values = columns.values(row.metric);
            const bool empty = std::ranges::all_of(values, [](double v) { return std::isnan(v); });
            const bool named =
                said && row.channel == channel && std::ranges::count(*said, row.metric) != 0;
            if (empty && !named) {
                values.clear();
            }
            if (named && values.empty()) {
                values.assign(columns.size(), missing_reading);
            }
        }
    }

    Result<Trace> make_trace(Recording& recording) {
        TraceInfo& info = recording.header.info;
        settle_columns(recording.fast, recording.fast_metrics, Channel::fast);
        settle_columns(recording.slow, recording.slow_metrics, Channel::slow);
        if (info.interval == Nanoseconds{0}) {
            info.interval = median_spacing(recording.fast.time);
        }
        SamplingReport report =
            recording.reported ? recording.header.report : observe(recording.fast, info.interval);
        report.rejected_times += recording.late;
        if (recording.late > 0) {
            notes_.warn(WarningCode::time_backwards,
                        fmt::format("{}: {} rows whose time does not come after the rows above "
                                    "were kept out, the first in line {}",
                                    printable(info.device.name),
                                    recording.late,
                                    recording.first_late));
        }
        return Trace::make(std::move(info),
                           std::move(recording.fast),
                           std::move(recording.slow),
                           std::move(report));
    }

    Result<PowerLog> conclude() {
        const bool any = std::ranges::any_of(
            recordings_, [](const Recording& r) { return !r.fast.empty() || !r.slow.empty(); });
        if (!any) {
            return no_rows(notes_);
        }
        warn_of_malformed(notes_);
        std::vector<Trace> traces;
        for (Recording& recording : recordings_) {
            auto trace = make_trace(recording);
            if (!trace) {
                return tl::unexpected(trace.error());
            }
            traces.push_back(std::move(*trace));
        }
        PowerLog log = std::move(notes_).take();
        log.format = LogFormat::joulemark;
        log.traces = std::move(traces);
        return log;
    }

    CsvFields fields_;
    std::vector<MetricColumn> columns_;
    std::size_t width_ = 0;
    RowValues values_{};
    std::deque<Recording> recordings_; // pointers to them stay good
    std::map<std::string, std::size_t, std::less<>> places_;
    Recording* described_ = nullptr; // by the comment lines above the header
    LogNotes notes_;
};

} // namespace

bool begins_joulemark(std::string_view line) {
    return line.starts_with(magic) || line.starts_with("time_s,device,");
}

Result<PowerLog> read_joulemark(LineReader& lines, const PowerLogOptions& /*options*/) {
    return JoulemarkLog().read(lines);
}

} // namespace joulemark::device
