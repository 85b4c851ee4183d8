#include "analysis/fixed_threshold_phases.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace joulemark::analysis {

namespace {

PhaseKind kind_of(double watts, double slope) {
    if (watts < fixed_idle_below.value()) {
        return PhaseKind::idle;
    }
    if (slope > fixed_slope_threshold.value()) {
        return PhaseKind::ramp;
    }
    return slope < -fixed_slope_threshold.value() ? PhaseKind::fall : PhaseKind::decode;
}

void join_short_runs(std::vector<PhaseKind>& kinds, std::size_t shortest) {
    std::size_t begin = 0;
    while (begin < kinds.size()) {
        std::size_t end = begin;
        while (end < kinds.size() && kinds[end] == kinds[begin]) {
            ++end;
        }
        if (begin > 0 && end - begin < shortest) {
            std::fill(kinds.begin() + static_cast<std::ptrdiff_t>(begin),
                      kinds.begin() + static_cast<std::ptrdiff_t>(end),
                      kinds[begin - 1]);
        }
        begin = end;
    }
}

// A run of steady intervals [begin, end).
struct Steady {
    std::size_t begin = 0;
    std::size_t end = 0;
    double mean = 0.0;
};

// The next steady run of the stretch that `from` lies in; nothing when it goes idle first.
std::optional<Steady> next_steady(const std::vector<PhaseKind>& kinds,
                                  const UniformGrid& grid,
                                  std::size_t from) {
    const auto is_steady = [&](std::size_t i) { return kinds[i] == PhaseKind::decode; };
    while (from < kinds.size() && !is_steady(from)) {
        if (kinds[from] == PhaseKind::idle) {
            return std::nullopt;
        }
        ++from;
    }
    Steady run{from, from, 0.0};
    double sum = 0.0;
    for (; run.end < kinds.size() && is_steady(run.end); ++run.end) {
        sum += 0.5 * (grid.power_watts[run.end] + grid.power_watts[run.end + 1]);
    }
    if (run.begin == run.end) {
        return std::nullopt;
    }
    run.mean = sum / static_cast<double>(run.end - run.begin);
    return run;
}

} // namespace

std::vector<PhaseKind> fixed_threshold_kinds(const UniformGrid& grid,
                                             std::span<const double> slope,
                                             std::size_t shortest) {
    const std::vector<double>& p = grid.power_watts;
    std::vector<PhaseKind> kinds;
    for (std::size_t k = 0; k + 1 < p.size(); ++k) {
        kinds.push_back(kind_of(0.5 * (p[k] + p[k + 1]), 0.5 * (slope[k] + slope[k + 1])));
    }
    join_short_runs(kinds, shortest);
    std::size_t k = 0;
    while (k < kinds.size()) {
        if (kinds[k] == PhaseKind::idle) {
            ++k;
            continue;
        }
        const auto first = next_steady(kinds, grid, k);
        const auto second = first ? next_steady(kinds, grid, first->end) : std::nullopt;
        if (second && second->mean < first->mean) {
            std::fill(kinds.begin() + static_cast<std::ptrdiff_t>(first->begin),
                      kinds.begin() + static_cast<std::ptrdiff_t>(first->end),
                      PhaseKind::prefill);
        }
        while (k < kinds.size() && kinds[k] != PhaseKind::idle) {
            ++k;
        }
    }
    return kinds;
}

} // namespace joulemark::analysis
