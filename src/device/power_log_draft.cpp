#include "device/power_log_draft.hpp"

#include "core/text.hpp"
#include "physics/architecture.hpp"
#include "physics/sensor_profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace joulemark::device {

namespace {

constexpr Nanoseconds one_second{1'000'000'000};
constexpr Nanoseconds one_hour = 3600 * one_second;
constexpr Nanoseconds shortest_gap = one_second / 2;
// Rows of a hostile log may lie centuries apart, and three times that is no time any more.
constexpr Nanoseconds longest_interval = 24 * 365 * one_hour;
// A clock that was set stays set: so many rows in succession tell a step from a stray row.
constexpr std::size_t rows_of_a_step = 3;

// What the order of the times says about the clock that wrote them.
struct ClockTrouble {
    std::size_t kept_out = 0;
    std::uint32_t first_line = 0;
    Nanoseconds step_back{0}; // the largest of at least a second that lasted
    std::uint32_t step_line = 0;
    std::optional<std::uint32_t> restart_line;
};

// Keeps the rows that come after all before them, in place.
class TimeOrder {
public:
    TimeOrder(TraceDraft& draft, LogNotes& notes) : draft_(draft), notes_(notes) {}

    [[nodiscard]] ClockTrouble establish() {
        Instant before{};
        for (std::size_t i = 0; i < draft_.size(); ++i) {
            const Instant now = draft_.time[i];
            const bool late = kept_ > 0 && now <= draft_.time[kept_ - 1];
            if (late) {
                note_run(i, before - now);
                keep_out(i,
                         now == before ? "has the same time as the row before"
                                       : "has a time before that of rows above it");
            } else if (is_stray(i)) {
                keep_out(i, "has a time far after those of the rows around it");
            } else {
                draft_.move_row(i, kept_++);
            }
            run_ = late ? run_ + 1 : 0;
            before = now;
        }
        draft_.truncate(kept_);
        return trouble_;
    }

private:
    void keep_out(std::size_t i, std::string_view problem) {
        if (trouble_.kept_out++ == 0) {
            trouble_.first_line = draft_.line[i];
        }
        notes_.refuse_time(draft_.line[i], problem);
    }

    // One row that jumps ahead must not make all that follow look late.
    [[nodiscard]] bool is_stray(std::size_t i) const {
        if (kept_ == 0 || i + 1 == draft_.size()) {
            return false;
        }
        const Instant last = draft_.time[kept_ - 1];
        const Nanoseconds ahead = draft_.time[i] - last;
        const Nanoseconds next = draft_.time[i + 1] - last;
        return ahead >= one_second && next > Nanoseconds{0} && next < ahead / 2;
    }

    // `step` is how far the row is behind the row before it in the file.
    void note_run(std::size_t i, Nanoseconds step) {
        if (run_ == 0) {
            run_step_ = step;
            run_line_ = draft_.line[i];
            run_begin_ = draft_.time[i];
        }
        if (run_ + 1 != rows_of_a_step || run_step_ < one_second) {
            return;
        }
        if (run_begin_ <= draft_.time[0] + one_second) {
            trouble_.restart_line = run_line_;
        }
        if (run_step_ > trouble_.step_back) {
            trouble_.step_back = run_step_;
            trouble_.step_line = run_line_;
        }
    }

    TraceDraft& draft_;
    LogNotes& notes_;
    ClockTrouble trouble_;
    std::size_t kept_ = 0;
    std::size_t run_ = 0; // rows in succession that were late
    Nanoseconds run_step_{0};
    std::uint32_t run_line_ = 0;
    Instant run_begin_;
};

Nanoseconds three_intervals(Nanoseconds interval) {
    return 3 * std::min(interval, longest_interval);
}

// Whether a wait of this length is the hour that a local clock leaves out when summer time begins.
bool is_lost_hour(Nanoseconds spacing, Nanoseconds interval) {
    const Nanoseconds slack = std::max(2 * one_second, three_intervals(interval));
    return spacing > one_hour - slack && spacing < one_hour + slack;
}

struct Assembly {
    Columns fast;
    Columns slow;
};

// Metrics without any value are left out; the slow channel has the times of the fast one.
Assembly into_columns(TraceDraft& draft) {
    Assembly out;
    for (const Metric metric : draft.metrics()) {
        std::vector<double>& values = draft.column[static_cast<std::size_t>(metric)];
        if (std::ranges::all_of(values, [](double v) { return std::isnan(v); })) {
            continue;
        }
        Columns& channel = info_of(metric).channel == Channel::fast ? out.fast : out.slow;
        channel.values(metric) = std::move(values);
        if (&channel == &out.slow && out.slow.time.empty()) {
            out.slow.time = draft.time;
        }
    }
    out.fast.time = std::move(draft.time);
    return out;
}

void warn_of_clock(const ClockTrouble& trouble, const std::string& name, LogNotes& notes) {
    if (trouble.kept_out > 0) {
        notes.warn(WarningCode::time_backwards,
                   fmt::format("{}: {} rows whose time does not come after the rows above were "
                               "kept out, the first in line {}",
                               name,
                               trouble.kept_out,
                               trouble.first_line));
    }
    if (trouble.step_back > Nanoseconds{0}) {
        notes.warn(WarningCode::wall_clock_step,
                   fmt::format("{}: the clock was set back by {:.3f} s at line {}{}; the rows "
                               "until it had caught up were kept out",
                               name,
                               to_seconds(trouble.step_back).value(),
                               trouble.step_line,
                               is_lost_hour(trouble.step_back, Nanoseconds{0})
                                   ? ", as at the end of summer time"
                                   : ""));
    }
}

// How far the clock leapt ahead.
Nanoseconds find_lost_hour(const TraceDraft& draft, Nanoseconds interval, LogNotes& notes) {
    Nanoseconds step{0};
    for (std::size_t i = 1; i < draft.size(); ++i) {
        const Nanoseconds spacing = draft.time[i] - draft.time[i - 1];
        if (!is_lost_hour(spacing, interval)) {
            continue;
        }
        step = one_hour;
        notes.warn(WarningCode::wall_clock_step,
                   fmt::format("{}: the clock leaps ahead by an hour at line {}, as at the "
                               "beginning of summer time; "
                               "it is taken for an hour without readings",
                               draft.device.name,
                               draft.line[i]));
    }
    return step;
}

Result<Trace> make_trace(TraceDraft draft,
                         const LogTimeline& timeline,
                         const ClockTrouble& trouble,
                         Instant origin,
                         LogNotes& notes) {
    TraceInfo info;
    info.interval = median_spacing(draft.time);
    warn_of_clock(trouble, draft.device.name, notes);
    Nanoseconds wall_step = trouble.step_back;
    if (timeline.local) {
        wall_step = std::max(wall_step, find_lost_hour(draft, info.interval, notes));
    }
    for (Instant& t : draft.time) {
        t = instant_at((t - origin).count());
    }
    if (timeline.unix_ns_of_0) {
        info.anchor = WallAnchor{instant_at(0), *timeline.unix_ns_of_0 + count_ns(origin)};
    }
    if (timeline.local && !timeline.unix_ns_of_0) {
        std::string begin = iso8601_utc(count_ns(origin));
        begin.pop_back();
        draft.device.notes.push_back("its times are of a clock in an unknown time zone, from " +
                                     begin);
    }
    Assembly columns = into_columns(draft);
    SamplingReport report = observe(columns.fast, info.interval);
    report.rejected_times = trouble.kept_out;
    report.wall_step = wall_step;
    info.device = std::move(draft.device);
    return Trace::make(
        std::move(info), std::move(columns.fast), std::move(columns.slow), std::move(report));
}

} // namespace

TraceDraft::TraceDraft(std::span<const Metric> metrics)
    : metrics_(metrics.begin(), metrics.end()) {}

void TraceDraft::append_from(const TraceDraft& other, std::size_t i) {
    time.push_back(other.time[i]);
    line.push_back(other.line[i]);
    for (const Metric metric : metrics_) {
        const auto m = static_cast<std::size_t>(metric);
        column[m].push_back(other.column[m][i]);
    }
}

void TraceDraft::move_row(std::size_t from, std::size_t to) {
    if (from == to) {
        return;
    }
    time[to] = time[from];
    line[to] = line[from];
    for (const Metric metric : metrics_) {
        auto& values = column[static_cast<std::size_t>(metric)];
        values[to] = values[from];
    }
}

void TraceDraft::truncate(std::size_t rows) {
    time.resize(rows);
    line.resize(rows);
    for (const Metric metric : metrics_) {
        column[static_cast<std::size_t>(metric)].resize(rows);
    }
}

std::optional<DraftsByKey::Slot> DraftsByKey::slot(std::string_view key) {
    if (next_ >= keys_.size()) {
        next_ = 0;
    }
    if (next_ < keys_.size() && keys_[next_] == key) {
        return Slot{next_++, false};
    }
    if (const auto found = places_.find(key); found != places_.end()) {
        next_ = found->second + 1;
        return Slot{found->second, false};
    }
    if (keys_.size() == most) {
        return std::nullopt;
    }
    return Slot{keys_.size(), true};
}

TraceDraft& DraftsByKey::put(std::string_view key, TraceDraft draft) {
    places_.emplace(key, keys_.size());
    keys_.emplace_back(key);
    drafts_.push_back(std::move(draft));
    return drafts_.back();
}

void LogNotes::refuse(std::uint32_t line, const RowFault& fault) {
    ++log_.rejected_count;
    if (malformed_++ == 0 || line < first_malformed_line_) {
        first_malformed_line_ = line;
        first_malformed_ = fmt::format("line {}: {}", line, fault.describe());
    }
    if (log_.rejected.size() < PowerLog::max_rejected) {
        log_.rejected.push_back({line, fault.describe()});
    }
}

void LogNotes::refuse_time(std::uint32_t line, std::string_view problem) {
    // A row of several GPUs is one row, however many of them it is late for.
    if (!late_lines_.insert(line).second) {
        return;
    }
    ++log_.rejected_count;
    if (log_.rejected.size() < PowerLog::max_rejected) {
        log_.rejected.push_back({line, std::string(problem)});
    }
}

void LogNotes::warn(WarningCode code, std::string message) {
    log_.warnings.push_back({code, std::move(message)});
}

PowerLog LogNotes::take() && {
    std::ranges::stable_sort(log_.rejected, {}, &RejectedRow::line);
    return std::move(log_);
}

LogTimeline wall_timeline(std::optional<TimeForm> form, const PowerLogOptions& options) {
    LogTimeline timeline;
    timeline.local = form == TimeForm::local;
    if (!timeline.local) {
        timeline.unix_ns_of_0 = 0;
    } else if (options.utc_offset) {
        timeline.unix_ns_of_0 = -options.utc_offset->count();
    }
    return timeline;
}

// The median, of a million spacings evenly picked where there are more.
Nanoseconds median_spacing(std::span<const Instant> time) {
    constexpr std::size_t enough = 1'000'000;
    if (time.size() < 2) {
        return Nanoseconds{0};
    }
    const std::size_t stride = 1 + time.size() / enough;
    std::vector<Nanoseconds> spacings;
    spacings.reserve(time.size() / stride + 1);
    for (std::size_t i = 1; i < time.size(); i += stride) {
        spacings.push_back(time[i] - time[i - 1]);
    }
    const auto middle = spacings.begin() + static_cast<std::ptrdiff_t>(spacings.size() / 2);
    std::ranges::nth_element(spacings, middle);
    return *middle;
}

SamplingReport observe(const Columns& fast, Nanoseconds interval) {
    SamplingReport report;
    report.samples = fast.size();
    const auto power = fast.values(Metric::power);
    const auto counter = fast.values(Metric::energy_counter);
    const Nanoseconds longest = std::max(three_intervals(interval), shortest_gap);
    for (std::size_t i = 0; i < fast.size(); ++i) {
        if (!power.empty() && std::isnan(power[i])) {
            ++report.failed_reads;
        }
        if (i == 0) {
            continue;
        }
        const bool same_power = power.empty() || power[i] == power[i - 1];
        const bool same_counter = counter.empty() || counter[i] == counter[i - 1];
        if (same_power && same_counter && !(power.empty() && counter.empty())) {
            ++report.unchanged_readings;
        }
        if (fast.time[i] - fast.time[i - 1] > longest) {
            report.add_gap({{fast.time[i - 1], fast.time[i]}, GapReason::absent_in_source});
        }
    }
    return report;
}

tl::unexpected<Error> no_rows(const LogNotes& notes) {
    if (notes.first_malformed().empty()) {
        return fail(Kind::parse, "it has a header and no rows");
    }
    return fail(Kind::parse,
                fmt::format("none of its rows can be read; {}", notes.first_malformed()));
}

void warn_of_malformed(LogNotes& notes) {
    if (notes.malformed() == 0) {
        return;
    }
    notes.warn(WarningCode::malformed_rows,
               fmt::format("{} rows could not be used and were kept out; the first: {}",
                           notes.malformed(),
                           notes.first_malformed()));
}

Result<PowerLog> finish(LogFormat format,
                        std::vector<TraceDraft> drafts,
                        const LogTimeline& timeline,
                        LogNotes notes) {
    std::vector<ClockTrouble> troubles;
    std::erase_if(drafts, [](const TraceDraft& draft) { return draft.size() == 0; });
    Instant origin{Nanoseconds::max()};
    for (TraceDraft& draft : drafts) {
        const ClockTrouble trouble = TimeOrder(draft, notes).establish();
        if (trouble.restart_line) {
            return fail(Kind::parse,
                        fmt::format("line {}: the times of {} start over; the file holds several "
                                    "recordings, or several "
                                    "GPUs one after the other: split it there",
                                    *trouble.restart_line,
                                    draft.device.name));
        }
        troubles.push_back(trouble);
        origin = std::min(origin, draft.time.front());
    }
    warn_of_malformed(notes);
    if (drafts.empty()) {
        return no_rows(notes);
    }
    std::vector<Trace> traces;
    for (std::size_t i = 0; i < drafts.size(); ++i) {
        auto trace = make_trace(std::move(drafts[i]), timeline, troubles[i], origin, notes);
        if (!trace) {
            return tl::unexpected(trace.error());
        }
        traces.push_back(std::move(*trace));
    }
    PowerLog log = std::move(notes).take();
    log.format = format;
    log.traces = std::move(traces);
    return log;
}

void describe_gpu(DeviceInfo& device,
                  std::string_view product,
                  PowerReading reading,
                  std::string field) {
    const physics::Architecture architecture = physics::architecture_of_product(product);
    const physics::DocumentedSensors sensors = physics::documented_sensors(architecture);
    device.product = printable(product);
    device.boundary = Boundary::gpu_board;
    if (architecture != physics::Architecture::unknown) {
        device.architecture = std::string(physics::to_string(architecture));
    }
    switch (reading) {
    case PowerReading::power_draw:
        device.power_sensor = sensors.power_draw;
        break;
    case PowerReading::instant:
        device.power_sensor = sensors.instant;
        break;
    case PowerReading::average:
        device.power_sensor = sensors.average.value_or(SensorProfile{});
        break;
    }
    device.power_sensor->field = std::move(field);
}

void describe_counter(DeviceInfo& device, std::string field) {
    const auto sensors =
        physics::documented_sensors(physics::architecture_of_product(device.product));
    device.counter = sensors.counter.value_or(CounterProfile{});
    device.counter->field = std::move(field);
}

} // namespace joulemark::device
