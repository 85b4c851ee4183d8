#include "analysis/slow_summary.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace joulemark::analysis {

namespace {

struct Figures {
    double sum = 0.0;
    double least = 0.0;
    double most = 0.0;
    std::uint32_t bits = 0;
    std::size_t count = 0;
};

// Nothing when the metric has no reading in the window.
std::optional<Figures> figures(const Columns& slow, Metric metric, Window window) {
    const auto values = slow.values(metric);
    Figures out;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!window.contains(slow.time[i]) || !std::isfinite(values[i])) {
            continue;
        }
        out.least = out.count == 0 ? values[i] : std::min(out.least, values[i]);
        out.most = out.count == 0 ? values[i] : std::max(out.most, values[i]);
        out.sum += values[i];
        constexpr double bits_end = 4294967296.0;
        if (values[i] >= 0.0 && values[i] < bits_end) {
            out.bits |= static_cast<std::uint32_t>(values[i]);
        }
        ++out.count;
    }
    if (out.count == 0) {
        return std::nullopt;
    }
    return out;
}

template <class Q> std::optional<Q> mean_of(const std::optional<Figures>& f) {
    if (!f) {
        return std::nullopt;
    }
    return Q{f->sum / static_cast<double>(f->count)};
}

template <class Q> std::optional<Q> most_of(const std::optional<Figures>& f) {
    if (!f) {
        return std::nullopt;
    }
    return Q{f->most};
}

} // namespace

SlowSummary summarise_slow(const Columns& slow, Window window) {
    const auto of = [&](Metric metric) { return figures(slow, metric, window); };
    SlowSummary out;
    const auto temperature = of(Metric::temperature);
    out.temperature_mean = mean_of<Celsius>(temperature);
    out.temperature_max = most_of<Celsius>(temperature);
    out.memory_temperature_max = most_of<Celsius>(of(Metric::memory_temperature));
    out.utilisation_mean = mean_of<double>(of(Metric::utilisation));
    out.memory_used_max = most_of<Bytes>(of(Metric::memory_used));
    out.sm_clock_mean = mean_of<Hertz>(of(Metric::sm_clock));
    out.memory_clock_mean = mean_of<Hertz>(of(Metric::memory_clock));
    if (const auto limit = of(Metric::power_limit)) {
        out.power_limit = Watts{limit->least};
    }
    if (const auto reasons = of(Metric::throttle_reasons)) {
        out.throttle_reasons = reasons->bits;
    }
    return out;
}

} // namespace joulemark::analysis
