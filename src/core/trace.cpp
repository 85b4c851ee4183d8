#include "core/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace joulemark {

namespace {

Result<void> check(const Columns& columns, std::string_view channel) {
    const auto out_of_order = std::ranges::adjacent_find(columns.time, std::greater_equal<>{});
    if (out_of_order != columns.time.end()) {
        return fail(
            Kind::invalid_argument,
            fmt::format(
                "{} row {}: its time is not after the row before; sort the rows and drop repeats",
                channel,
                out_of_order - columns.time.begin() + 1));
    }
    for (const MetricInfo& row : metric_table()) {
        const std::size_t length = columns.values(row.metric).size();
        if (length != 0 && length != columns.size()) {
            return fail(Kind::invalid_argument,
                        fmt::format("{} column {} has {} values for {} times",
                                    channel,
                                    row.csv,
                                    length,
                                    columns.size()));
        }
    }
    return {};
}

} // namespace

void Columns::append(const Columns& other) {
    const std::size_t before = size();
    time.insert(time.end(), other.time.begin(), other.time.end());
    for (std::size_t i = 0; i < metric_count; ++i) {
        const std::vector<double>& from = other.column[i];
        std::vector<double>& to = column[i];
        if (from.empty() && to.empty()) {
            continue;
        }
        if (to.empty()) {
            to.assign(before, missing_reading);
        }
        if (from.empty()) {
            to.resize(size(), missing_reading);
        } else {
            to.insert(to.end(), from.begin(), from.end());
        }
    }
}

void Columns::clear() {
    time.clear();
    for (auto& values : column) {
        values.clear();
    }
}

std::string_view to_string(GapReason reason) {
    switch (reason) {
    case GapReason::missed_deadline:
        return "missed_deadline";
    case GapReason::read_failed:
        return "read_failed";
    case GapReason::device_lost:
        return "device_lost";
    case GapReason::absent_in_source:
        return "absent_in_source";
    }
    return "missed_deadline";
}

void SamplingReport::add_gap(const Gap& gap) {
    ++gap_count;
    gap_total += gap.window.length();
    if (gaps.size() < max_gaps) {
        gaps.push_back(gap);
    }
}

Trace::Trace(TraceInfo info, Columns fast, Columns slow, SamplingReport report)
    : info_(std::move(info)), fast_(std::move(fast)), slow_(std::move(slow)),
      report_(std::move(report)) {}

Result<Trace> Trace::make(TraceInfo info, Columns fast, Columns slow, SamplingReport report) {
    if (auto ok = check(fast, "fast"); !ok) {
        return fail_in(info.device.name, ok.error());
    }
    if (auto ok = check(slow, "slow"); !ok) {
        return fail_in(info.device.name, ok.error());
    }
    return Trace(std::move(info), std::move(fast), std::move(slow), std::move(report));
}

std::optional<Window> Trace::extent() const {
    if (fast_.empty()) {
        return std::nullopt;
    }
    return Window{fast_.time.front(), fast_.time.back()};
}

} // namespace joulemark
