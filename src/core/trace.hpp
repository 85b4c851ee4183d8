// A recording of one device over time: columns over strictly increasing monotonic time. Immutable
// once made; analysis takes views of it and returns values. Safe to share between threads.
//
//     auto trace = Trace::make(info, std::move(fast), std::move(slow), report);
//     std::span<const double> watts = trace->fast().values(Metric::power);
#pragma once

#include "core/device_info.hpp"
#include "core/metric.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace joulemark {

// A reading that failed while others of its row worked. Inside a column only: it leaves the program
// as null or an empty cell. Test with std::isnan.
inline constexpr double missing_reading = std::numeric_limits<double>::quiet_NaN();

// One row per reading. A metric that the device does not have is an empty column; the others are as
// long as `time`. Values are in the SI unit that the metric table names.
struct Columns {
    std::vector<Instant> time;
    std::array<std::vector<double>, metric_count> column;

    [[nodiscard]] std::size_t size() const { return time.size(); }
    [[nodiscard]] bool empty() const { return time.empty(); }
    [[nodiscard]] bool has(Metric m) const { return !values(m).empty(); }
    [[nodiscard]] std::span<const double> values(Metric m) const {
        return column[static_cast<std::size_t>(m)];
    }
    [[nodiscard]] std::vector<double>& values(Metric m) {
        return column[static_cast<std::size_t>(m)];
    }
    // Appends the rows of `other`; a metric present on one side only is filled up with
    // `missing_reading`.
    void append(const Columns& other);
    void clear();

    friend bool operator==(const Columns&, const Columns&) = default; // NaN compares unequal
};

enum class GapReason { missed_deadline, read_failed, device_lost, absent_in_source };

[[nodiscard]] std::string_view to_string(GapReason reason);

// A stretch without readings that is longer than the interval promised.
struct Gap {
    Window window;
    GapReason reason = GapReason::missed_deadline;
    friend bool operator==(const Gap&, const Gap&) = default;
};

// How the recording went. Counts are over the whole recording.
struct SamplingReport {
    std::uint64_t samples = 0;
    std::uint64_t missed_deadlines = 0; // readings that were due and not taken
    std::uint64_t failed_reads = 0;
    std::uint64_t unchanged_readings = 0; // same power and same counter as the reading before
    std::uint64_t rejected_times = 0;     // readings whose time was not after the one before
    std::uint64_t times_lost = 0;         // how often the device disappeared
    Nanoseconds latency_p50{0};           // of a read call
    Nanoseconds latency_p99{0};
    Nanoseconds lateness_p99{0}; // of the wake-up against its deadline
    Nanoseconds lateness_max{0};
    std::optional<Seconds> cpu_time; // of the sampling thread, vendor library included
    Nanoseconds wall_step{0};        // largest move of the wall clock against the monotonic one
    bool still_lost = false;
    std::vector<Gap> gaps; // the first `max_gaps`; `gap_count` and `gap_total` count all
    std::uint64_t gap_count = 0;
    Nanoseconds gap_total{0};

    static constexpr std::size_t max_gaps = 1000;
    void add_gap(const Gap& gap);

    friend bool operator==(const SamplingReport&, const SamplingReport&) = default;
};

struct TraceInfo {
    DeviceInfo device;
    Nanoseconds interval{0}; // nominal, of the fast channel
    std::optional<WallAnchor> anchor;
    std::uint64_t merged =
        1; // neighbouring samples merged into one when the recording was read back
};

class Trace {
public:
    // Refuses times that do not strictly increase and columns of unlike length, naming the row.
    [[nodiscard]] static Result<Trace> make(TraceInfo info,
                                            Columns fast,
                                            Columns slow,
                                            SamplingReport report = {});

    [[nodiscard]] const TraceInfo& info() const { return info_; }
    [[nodiscard]] const Columns& fast() const { return fast_; }
    [[nodiscard]] const Columns& slow() const { return slow_; }
    [[nodiscard]] const SamplingReport& report() const { return report_; }
    // First to last fast reading; nothing when there is none.
    [[nodiscard]] std::optional<Window> extent() const;

private:
    Trace(TraceInfo info, Columns fast, Columns slow, SamplingReport report);

    TraceInfo info_;
    Columns fast_;
    Columns slow_;
    SamplingReport report_;
};

} // namespace joulemark
