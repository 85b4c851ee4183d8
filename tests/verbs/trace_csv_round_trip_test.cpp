#include "core/trace_header.hpp"
#include "device/power_log.hpp"
#include "report/trace_csv.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <vector>

namespace joulemark {
namespace {

std::string text_of(const std::vector<Trace>& traces) {
    std::string text;
    const auto rows = report::write_trace_csv(traces, [&](std::string_view piece) -> Result<void> {
        text += piece;
        return {};
    });
    EXPECT_TRUE(rows);
    return text;
}

// NaN equals NaN here, and -0 differs from 0.
bool same_bits(const Columns& a, const Columns& b) {
    if (a.time != b.time) {
        return false;
    }
    for (std::size_t i = 0; i < metric_count; ++i) {
        if (a.column[i].size() != b.column[i].size()) {
            return false;
        }
        for (std::size_t row = 0; row < a.column[i].size(); ++row) {
            const double x = a.column[i][row];
            const double y = b.column[i][row];
            if (std::isnan(x)
                    ? !std::isnan(y)
                    : std::bit_cast<std::uint64_t>(x) != std::bit_cast<std::uint64_t>(y)) {
                return false;
            }
        }
    }
    return true;
}

bool same_description(const Trace& a, const Trace& b) {
    const auto left = header_lines(a.info(), a.report());
    const auto right = header_lines(b.info(), b.report());
    const auto equal = [](const HeaderLine& x, const HeaderLine& y) {
        return x.key == y.key && x.value == y.value;
    };
    return std::ranges::equal(left, right, equal) && a.info().device.name == b.info().device.name;
}

rc::Gen<std::vector<Instant>> any_times() {
    return rc::gen::map(rc::gen::unique<std::vector<std::int64_t>>(
                            rc::gen::inRange<std::int64_t>(-1'000'000'000'000, 1'000'000'000'000)),
                        [](std::vector<std::int64_t> ns) {
                            std::ranges::sort(ns);
                            std::vector<Instant> times;
                            for (const std::int64_t t : ns) {
                                times.push_back(instant_at(t));
                            }
                            return times;
                        });
}

double any_value() {
    const double value = std::bit_cast<double>(*rc::gen::arbitrary<std::uint64_t>());
    return std::isfinite(value) && *rc::gen::inRange(0, 5) != 0 ? value : missing_reading;
}

// Any subset of the metrics of the channel. A slow row has at least one value: one without says
// nothing.
Columns any_columns(Channel channel) {
    Columns columns;
    columns.time = *any_times();
    for (const MetricInfo& row : metric_table()) {
        if (row.channel != channel || *rc::gen::inRange(0, 2) == 0) {
            continue;
        }
        for (std::size_t i = 0; i < columns.size(); ++i) {
            columns.values(row.metric).push_back(any_value());
        }
    }
    if (channel == Channel::slow) {
        columns.values(Metric::temperature).assign(columns.size(), 40.25);
    }
    return columns;
}

Trace any_trace(std::string name) {
    TraceInfo info;
    info.device.name = std::move(name);
    info.device.backend = "sim";
    info.device.product = *rc::gen::arbitrary<std::string>();
    info.device.power_limit = Watts{*rc::gen::positive<double>()};
    info.interval = Nanoseconds{*rc::gen::inRange(1, 1'000'000'000)};
    SamplingReport report;
    report.samples = *rc::gen::inRange<std::uint64_t>(0, 1000);
    return *Trace::make(info, any_columns(Channel::fast), any_columns(Channel::slow), report);
}

RC_GTEST_PROP(TraceCsvRoundTrip, EveryTraceIsReadBackBitForBit, ()) {
    std::vector<Trace> traces;
    traces.push_back(any_trace("gpu0"));
    traces.push_back(any_trace(
        *rc::gen::suchThat<std::string>([](const std::string& name) { return name != "gpu0"; })));
    RC_PRE(!traces[0].fast().empty() || !traces[0].slow().empty());
    const auto log = device::read_power_log(text_of(traces), {});
    RC_ASSERT(log.has_value());
    RC_ASSERT(log->format == device::LogFormat::joulemark);
    RC_ASSERT(log->rejected_count == 0U);
    RC_ASSERT(log->traces.size() == 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        RC_ASSERT(same_bits(log->traces[i].fast(), traces[i].fast()));
        RC_ASSERT(same_bits(log->traces[i].slow(), traces[i].slow()));
        RC_ASSERT(same_description(log->traces[i], traces[i]));
    }
    RC_ASSERT(text_of(log->traces) == text_of(traces));
}

TEST(TraceCsvRoundTrip, AnImportedLogIsTheSameAfterExportAndImport) {
    std::string text = "index, timestamp, name, power.draw [W], utilization.gpu [%]\n";
    for (int i = 0; i < 40; ++i) {
        text += "0, 2024/04/03 11:36:" + std::to_string(10 + i) + ".123, NVIDIA A100, " +
                std::to_string(100 + i % 3) + ".25 W, [N/A]\n";
    }
    const auto first = device::read_power_log(text, {});
    ASSERT_TRUE(first);
    const auto second = device::read_power_log(text_of(first->traces), {});
    ASSERT_TRUE(second);
    EXPECT_TRUE(same_bits(second->traces[0].fast(), first->traces[0].fast()));
    EXPECT_TRUE(same_description(second->traces[0], first->traces[0]));
}

} // namespace
} // namespace joulemark
