// Power logs written line by line, for the tests of their readers.
#pragma once

#include "device/power_log.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::test {

// "2024/04/03 11:36:01.674" for the millisecond since the midnight before.
inline std::string smi_time(std::size_t ms) {
    return fmt::format("2024/04/{:02} {:02}:{:02}:{:02}.{:03}",
                       3 + ms / 86'400'000,
                       ms / 3'600'000 % 24,
                       ms / 60'000 % 60,
                       ms / 1000 % 60,
                       ms % 1000);
}

inline constexpr std::string_view smi_header = "timestamp, power.draw [W], utilization.gpu [%]\n";

inline std::string smi_row(std::size_t ms, double watts) {
    return fmt::format("{}, {:.2f} W, 50 %\n", smi_time(ms), watts);
}

// One GPU, `rows` rows `spacing_ms` apart.
inline std::string smi_log(std::size_t rows, std::size_t spacing_ms = 100, double watts = 100.0) {
    std::string text(smi_header);
    for (std::size_t i = 0; i < rows; ++i) {
        text += smi_row(1000 + i * spacing_ms, watts + static_cast<double>(i % 7));
    }
    return text;
}

inline device::PowerLog read_log(std::string_view text,
                                 const device::PowerLogOptions& options = {}) {
    auto log = device::read_power_log(text, options);
    EXPECT_TRUE(log) << (log ? "" : log.error().describe());
    return log ? std::move(*log) : device::PowerLog{};
}

inline Error error_of(std::string_view text, const device::PowerLogOptions& options = {}) {
    const auto log = device::read_power_log(text, options);
    EXPECT_FALSE(log) << "the log was read";
    return log ? Error{} : log.error();
}

inline std::vector<double> values_of(std::span<const double> values) {
    return {values.begin(), values.end()};
}

inline std::vector<double> watts_of(const Trace& trace) {
    return values_of(trace.fast().values(Metric::power));
}

inline std::vector<std::int64_t> milliseconds_of(const Trace& trace) {
    std::vector<std::int64_t> ms;
    for (const Instant t : trace.fast().time) {
        ms.push_back(count_ns(t) / 1'000'000);
    }
    return ms;
}

// Trapezoids, for comparison.
inline double joules_of(const Trace& trace) {
    const auto& time = trace.fast().time;
    const auto watts = trace.fast().values(Metric::power);
    double joules = 0.0;
    for (std::size_t i = 1; i < time.size(); ++i) {
        joules += (watts[i] + watts[i - 1]) / 2 * to_seconds(time[i] - time[i - 1]).value();
    }
    return joules;
}

inline bool warned(const device::PowerLog& log, WarningCode code) {
    for (const Warning& warning : log.warnings) {
        if (warning.code == code) {
            return true;
        }
    }
    return false;
}

} // namespace joulemark::test
