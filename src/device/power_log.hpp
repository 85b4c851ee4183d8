// Power logs that other tools wrote, read as Traces: nvidia-smi CSV as users write it, DCGM `dmon`,
// Zeus power-monitor CSV, joulemark's own CSV. Whole rows are kept or refused, never repaired: what
// is refused is reported by line. Pure: text in, values out.
#pragma once

#include "core/result.hpp"
#include "core/trace.hpp"
#include "core/warning.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::device {

enum class LogFormat { automatic, nvidia_smi, dcgm_dmon, zeus, joulemark };

[[nodiscard]] std::string_view to_string(LogFormat format);
[[nodiscard]] std::optional<LogFormat> log_format_from(std::string_view name);

struct RejectedRow {
    std::size_t line = 0; // 1-based, the header counts
    std::string reason;   // with the offending text, made printable
};

struct PowerLogOptions {
    LogFormat format = LogFormat::automatic;
    // How many GPUs wrote a file without an index column, when the user knows: rows are dealt out
    // in turn.
    std::optional<std::size_t> gpu_count;
    std::string gpu_model;   // hint for the sensor profile, when the file does not name the GPU
    std::string source_name; // for messages
    // The delay between rounds (`dcgmi dmon -d`), for logs without times.
    std::optional<Nanoseconds> interval;
    // Of the clock that wrote the log, east positive, where its times name no zone; without it such
    // a trace has no wall-clock anchor.
    std::optional<Nanoseconds> utc_offset;
};

struct PowerLog {
    LogFormat format = LogFormat::automatic;
    std::vector<Trace> traces; // one for each GPU
    std::size_t rows = 0;      // data rows seen
    std::size_t rejected_count = 0;
    std::vector<RejectedRow> rejected; // the first `max_rejected`
    std::vector<Warning> warnings;

    static constexpr std::size_t max_rejected = 100;
};

// Kind::parse when nothing of the text can be used (empty, binary, no known header) with the
// reason. A file that mixes several GPUs without an index column is refused with the number of GPUs
// that its timing suggests, and one without times when `interval` is not given
// (Kind::invalid_argument).
[[nodiscard]] Result<PowerLog> read_power_log(std::string_view text,
                                              const PowerLogOptions& options);
// In blocks, up to 4 GiB; the memory needed is that of the rows. "-" is the standard input; pipes
// are read too.
[[nodiscard]] Result<PowerLog> read_power_log_file(const std::string& path,
                                                   PowerLogOptions options);

} // namespace joulemark::device
