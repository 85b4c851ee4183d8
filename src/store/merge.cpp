#include "store/merge.hpp"

#include "core/metric.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace joulemark::store {

namespace {

// A row that remains: its place, and what the readings around it weigh in its merged values.
struct Kept {
    std::size_t row;
    double before; // of the dropped row before it, 0 when there is none
    double own;
    double after; // of the dropped row after it, 0 when there is none
};

double half_span(Instant from, Instant to) {
    return 0.5 * static_cast<double>(static_cast<std::uint64_t>(count_ns(to)) -
                                     static_cast<std::uint64_t>(count_ns(from)));
}

Kept kept_between(std::span<const Instant> time,
                  std::size_t row,
                  bool drop_before,
                  bool drop_after) {
    const Instant before = row > 0 ? time[row - 1] : time[row];
    const Instant after = row + 1 < time.size() ? time[row + 1] : time[row];
    return {.row = row,
            .before = drop_before ? half_span(time[row - 2], before) : 0.0,
            .own = half_span(before, after),
            .after = drop_after ? half_span(after, time[row + 2]) : 0.0};
}

class WeightedMean {
public:
    void add(double value, double weight) {
        if (weight > 0.0 && !std::isnan(value)) {
            sum_ += value * weight;
            weight_ += weight;
        }
    }
    [[nodiscard]] double value() const { return weight_ > 0.0 ? sum_ / weight_ : missing_reading; }

private:
    double sum_ = 0.0;
    double weight_ = 0.0;
};

double merged_gauge(std::span<const double> values, const Kept& kept) {
    if (values.size() == 1) {
        return values[0];
    }
    WeightedMean mean;
    mean.add(values[kept.row], kept.own);
    if (kept.before > 0.0) {
        mean.add(values[kept.row - 1], kept.before);
    }
    if (kept.after > 0.0) {
        mean.add(values[kept.row + 1], kept.after);
    }
    return mean.value();
}

double merged_counter(std::span<const double> values, const Kept& kept) {
    const bool look_back = std::isnan(values[kept.row]) && kept.before > 0.0;
    return values[look_back ? kept.row - 1 : kept.row];
}

double merged_bits(std::span<const double> values, const Kept& kept) {
    const auto bits = [](double value) -> std::optional<std::uint32_t> {
        if (!(value >= 0.0 && value < 4294967296.0)) {
            return std::nullopt;
        }
        return static_cast<std::uint32_t>(value);
    };
    const auto own = bits(values[kept.row]);
    const auto before = kept.before > 0.0 ? bits(values[kept.row - 1]) : std::nullopt;
    if (!own && !before) {
        return missing_reading;
    }
    return static_cast<double>(own.value_or(0U) | before.value_or(0U));
}

double merged(MetricKind kind, std::span<const double> values, const Kept& kept) {
    switch (kind) {
    case MetricKind::gauge:
        return merged_gauge(values, kept);
    case MetricKind::counter:
        return merged_counter(values, kept);
    case MetricKind::bits:
        return merged_bits(values, kept);
    }
    return missing_reading;
}

Columns merged_rows(const Columns& rows, std::span<const Kept> kept) {
    Columns out;
    out.time.reserve(kept.size());
    for (const Kept& k : kept) {
        out.time.push_back(rows.time[k.row]);
    }
    for (const MetricInfo& metric : metric_table()) {
        if (rows.has(metric.metric)) {
            std::vector<double>& to = out.values(metric.metric);
            to.reserve(kept.size());
            for (const Kept& k : kept) {
                to.push_back(merged(metric.kind, rows.values(metric.metric), k));
            }
        }
    }
    return out;
}

void erase_before(Columns& rows, std::size_t first) {
    const auto count = static_cast<std::ptrdiff_t>(first);
    rows.time.erase(rows.time.begin(), rows.time.begin() + count);
    for (auto& values : rows.column) {
        if (!values.empty()) {
            values.erase(values.begin(), values.begin() + count);
        }
    }
}

} // namespace

unsigned stages_for(std::uint64_t rows, std::size_t max_rows) {
    unsigned stages = 0;
    for (; rows > std::max<std::uint64_t>(max_rows, 2); ++stages) {
        rows = rows / 2 + 1;
    }
    return stages;
}

Columns Halving::push(const Columns& rows) {
    rows_.append(rows);
    std::vector<Kept> kept;
    std::size_t next = begun_ ? 2 : 0;
    for (; next + 2 < rows_.size(); next += 2) {
        kept.push_back(kept_between(rows_.time, next, next >= 2, true));
    }
    Columns out = merged_rows(rows_, kept);
    if (!kept.empty()) {
        erase_before(rows_, kept.back().row);
        begun_ = true;
    }
    return out;
}

Columns Halving::finish() {
    std::vector<Kept> kept;
    const std::size_t next = begun_ ? 2 : 0;
    if (next < rows_.size()) {
        kept.push_back(kept_between(rows_.time, next, next >= 2, false));
    }
    if (next + 1 < rows_.size()) {
        kept.push_back(kept_between(rows_.time, next + 1, false, false));
    }
    return merged_rows(std::exchange(rows_, {}), kept);
}

void Merger::push(Columns rows) { push_into(0, std::move(rows)); }

void Merger::push_into(std::size_t stage, Columns rows) {
    for (; stage < stages_.size(); ++stage) {
        rows = stages_[stage].push(rows);
    }
    merged_.append(rows);
}

Columns Merger::finish() {
    for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
        push_into(stage + 1, stages_[stage].finish());
    }
    return std::move(merged_);
}

} // namespace joulemark::store
