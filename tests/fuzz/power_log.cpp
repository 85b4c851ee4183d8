// Any bytes as a power log of any format: no crash, and what comes out is sound. Every row is kept
// or refused, times strictly increase, no message can reach a terminal with a control character in
// it.
#include "device/power_log.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

namespace {

using namespace joulemark;

void demand(bool condition) {
    if (!condition) {
        std::abort();
    }
}

bool is_safe(std::string_view text) {
    return std::ranges::none_of(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

void check(const Trace& trace, std::size_t rows) {
    const Columns& fast = trace.fast();
    demand(fast.size() <= rows);
    demand(std::ranges::adjacent_find(fast.time, std::greater_equal<>{}) == fast.time.end());
    demand(trace.report().gaps.size() <= SamplingReport::max_gaps);
    for (const double watts : fast.values(Metric::power)) {
        demand(!std::isinf(watts));
    }
}

void check(const device::PowerLog& log) {
    demand(log.rejected_count <= log.rows);
    demand(log.rejected.size() == std::min(log.rejected_count, device::PowerLog::max_rejected));
    demand(!log.traces.empty());
    for (const device::RejectedRow& row : log.rejected) {
        demand(row.line > 0 && is_safe(row.reason));
    }
    for (const Warning& warning : log.warnings) {
        demand(is_safe(warning.message));
    }
    for (const Trace& trace : log.traces) {
        check(trace, log.rows);
    }
    if (log.format == device::LogFormat::nvidia_smi || log.format == device::LogFormat::dcgm_dmon) {
        std::size_t kept = 0;
        for (const Trace& trace : log.traces) {
            kept += trace.fast().size();
        }
        demand(kept + log.rejected_count == log.rows);
    }
}

device::PowerLogOptions options_from(unsigned bits) {
    using device::LogFormat;
    constexpr std::array<LogFormat, 8> formats{LogFormat::automatic,
                                               LogFormat::automatic,
                                               LogFormat::nvidia_smi,
                                               LogFormat::dcgm_dmon,
                                               LogFormat::zeus,
                                               LogFormat::joulemark,
                                               LogFormat::automatic,
                                               LogFormat::nvidia_smi};
    device::PowerLogOptions options;
    options.format = formats[bits & 7U];
    options.source_name = "fuzz\x1b";
    if ((bits & 8U) != 0) {
        options.interval = std::chrono::milliseconds{100};
    }
    if ((bits & 16U) != 0) {
        options.gpu_count = 1 + (bits >> 5U) % 4U;
    }
    return options;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string text(data + 1, data + size);
    const auto log = device::read_power_log(text, options_from(data[0]));
    if (!log) {
        demand(is_safe(log.error().describe()) && !log.error().message.empty());
        return 0;
    }
    check(*log);
    return 0;
}
