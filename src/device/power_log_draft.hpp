// What the readers of the single formats share: the traces of a log while it is read, and what
// becomes of them at the end. One thread at a time.
#pragma once

#include "device/log_time.hpp"
#include "device/power_log.hpp"
#include "device/power_log_cells.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace joulemark::device {

// One value for each metric, NaN where the row has none.
using RowValues = std::array<double, metric_count>;

// The rows of one GPU as the file has them, not yet in order.
struct TraceDraft {
    DeviceInfo device;
    std::vector<Instant> time;       // of the log's own clock, from 1970 or from the first row
    std::vector<std::uint32_t> line; // where each row stands in the file
    std::array<std::vector<double>, metric_count> column; // empty, or as long as `time`

    explicit TraceDraft(std::span<const Metric> metrics);

    // Of `values`, those of the draft's metrics count.
    void append(std::uint32_t at_line, Instant at, const RowValues& values) {
        time.push_back(at);
        line.push_back(at_line);
        for (const Metric metric : metrics_) {
            const auto i = static_cast<std::size_t>(metric);
            column[i].push_back(values[i]);
        }
    }

    // Row `i` of a draft of the same metrics.
    void append_from(const TraceDraft& other, std::size_t i);

    [[nodiscard]] std::size_t size() const { return time.size(); }

    // Makes this row of the draft row `to`, which is not behind it.
    void move_row(std::size_t from, std::size_t to);
    void truncate(std::size_t rows);

    [[nodiscard]] std::span<const Metric> metrics() const { return metrics_; }

private:
    std::vector<Metric> metrics_;
};

// The drafts of a log whose rows name their GPU.
class DraftsByKey {
public:
    static constexpr std::size_t most = 1024;

    struct Slot {
        std::size_t index;
        bool is_new;
    };
    // The place of the draft called `key`, or a new last place for it (`put` fills it); nothing
    // beyond `most`.
    [[nodiscard]] std::optional<Slot> slot(std::string_view key);
    [[nodiscard]] bool knows(std::string_view key) const { return places_.contains(key); }

    TraceDraft& put(std::string_view key, TraceDraft draft);
    [[nodiscard]] TraceDraft& at(std::size_t index) { return drafts_[index]; }
    [[nodiscard]] bool empty() const { return drafts_.empty(); }
    [[nodiscard]] std::vector<TraceDraft> take() && { return std::move(drafts_); }

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view key) const {
            return std::hash<std::string_view>{}(key);
        }
    };

    std::vector<std::string> keys_;
    std::vector<TraceDraft> drafts_;
    std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> places_;
    std::size_t next_ = 0; // where the next key is expected: GPUs take turns
};

// What was found while reading, on its way into the PowerLog.
class LogNotes {
public:
    void count_row() { ++log_.rows; }
    void refuse(std::uint32_t line, const RowFault& fault);
    // As above, but for the row's time alone: such rows are not malformed.
    void refuse_time(std::uint32_t line, std::string_view problem);
    void warn(WarningCode code, std::string message);

    // Of refused rows whose time was not the reason.
    [[nodiscard]] std::size_t malformed() const { return malformed_; }
    // "line 7: power.draw: ... is not a number"; empty when there was none.
    [[nodiscard]] const std::string& first_malformed() const { return first_malformed_; }

    // With the rejected rows in the order of the file.
    [[nodiscard]] PowerLog take() &&;

private:
    std::unordered_set<std::uint32_t> late_lines_;
    PowerLog log_;
    std::size_t malformed_ = 0;
    std::uint32_t first_malformed_line_ = 0;
    std::string first_malformed_;
};

// How the times of a log hang together with the world's.
struct LogTimeline {
    bool local = false; // they are the local time of some zone: summer may begin and end
    std::optional<std::int64_t> unix_ns_of_0; // when known, of the time 0
};

// Of times read by LogTimes: their zone is known, or told by the options, or unknown.
[[nodiscard]] LogTimeline wall_timeline(std::optional<TimeForm> form,
                                        const PowerLogOptions& options);

// The nominal interval: the median spacing; 0 for less than two rows.
[[nodiscard]] Nanoseconds median_spacing(std::span<const Instant> time);
// What the rows themselves say about the recording: readings that failed or did not change, gaps.
[[nodiscard]] SamplingReport observe(const Columns& fast, Nanoseconds interval);
void warn_of_malformed(LogNotes& notes);
// Said by a reader whose rows are all gone.
[[nodiscard]] tl::unexpected<Error> no_rows(const LogNotes& notes);

// Puts the rows in order, keeps out those whose time does not come after the one before, finds gaps
// and clock steps, and makes the traces; their time begins at 0 with the earliest row. Drafts
// without rows are left out. Kind::parse when no row is left, or when the times of a draft start
// over in the middle.
[[nodiscard]] Result<PowerLog> finish(LogFormat format,
                                      std::vector<TraceDraft> drafts,
                                      const LogTimeline& timeline,
                                      LogNotes notes);

// Product, architecture and sensors as documented, from the name of a GPU; `field` names the power
// reading for people.
enum class PowerReading { power_draw, instant, average };
void describe_gpu(DeviceInfo& device,
                  std::string_view product,
                  PowerReading reading,
                  std::string field);
// The energy counter of the product that describe_gpu() has put in.
void describe_counter(DeviceInfo& device, std::string field);

} // namespace joulemark::device
