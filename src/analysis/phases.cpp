#include "analysis/phases.hpp"

#include "analysis/derivatives.hpp"
#include "analysis/fixed_threshold_phases.hpp"
#include "analysis/phase_inference.hpp"
#include "analysis/uniform_grid.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <tuple>
#include <utility>

namespace joulemark::analysis {

namespace {

constexpr std::array<std::string_view, phase_kind_count> names{
    "idle", "ramp", "prefill", "decode", "fall"};

constexpr double slope_share_per_second = 0.2; // 100 W/s of a span of 500 W (the proposal's rule)
constexpr Seconds least_dwell{0.25};

std::size_t index_of(PhaseKind kind) { return static_cast<std::size_t>(kind); }

// Which kind every interval between neighbouring nodes has, and who says so.
struct Painting {
    static constexpr std::int32_t inferred = -1;
    std::vector<PhaseKind> kind;
    std::vector<std::int32_t> mark; // index of the mark, or `inferred`
};

Painting painting_of(const std::vector<PhaseRun>& runs, std::size_t intervals) {
    Painting painting{std::vector<PhaseKind>(intervals, PhaseKind::idle),
                      std::vector<std::int32_t>(intervals, Painting::inferred)};
    for (const PhaseRun& run : runs) {
        std::fill(painting.kind.begin() + static_cast<std::ptrdiff_t>(run.first),
                  painting.kind.begin() + static_cast<std::ptrdiff_t>(run.last),
                  run.kind);
    }
    return painting;
}

struct NamedMark {
    PhaseKind kind = PhaseKind::idle;
    Window window;
};

std::vector<NamedMark> phase_marks(std::span<const Mark> marks) {
    std::vector<NamedMark> named;
    for (const Mark& mark : marks) {
        if (const auto kind = phase_kind_from(mark.name)) {
            named.push_back({*kind, mark.window});
        }
    }
    return named;
}

// Lays the marks over the painting. The latest begun is laid first and what is laid stays; `free`
// leads from each interval to the next one not yet taken, so that many nested marks cost no more
// than one layer.
void paint_marks(Painting& painting, const UniformGrid& grid, std::vector<NamedMark> marks) {
    std::ranges::sort(marks, [](const NamedMark& a, const NamedMark& b) {
        return std::tie(b.window.begin, a.window.end, a.kind) <
               std::tie(a.window.begin, b.window.end, b.kind);
    });
    std::vector<std::size_t> free(painting.kind.size() + 1);
    std::iota(free.begin(), free.end(), std::size_t{0});
    const auto next_free = [&](std::size_t k) {
        while (free[k] != k) {
            free[k] = free[free[k]];
            k = free[k];
        }
        return k;
    };
    std::int32_t number = 0;
    for (const NamedMark& mark : marks) {
        const std::size_t end = grid.nearest_node(mark.window.end);
        for (std::size_t k = next_free(grid.nearest_node(mark.window.begin)); k < end;
             k = next_free(k)) {
            painting.kind[k] = mark.kind;
            painting.mark[k] = number;
            free[k] = k + 1;
        }
        ++number;
    }
}

// The figures of a phase over nodes first to last.
Phase describe(const UniformGrid& grid, PhaseKind kind, std::size_t first, std::size_t last) {
    const std::vector<double>& p = grid.power_watts;
    Phase phase;
    phase.kind = kind;
    phase.window = {grid.time(first), grid.time(last)};
    const double step = grid.step().value();
    const double intervals = static_cast<double>(last - first);
    const double level = p[first];
    double sum = 0.0;
    double squares = 0.0;
    double lowest = level;
    double highest = level;
    for (std::size_t k = first; k <= last; ++k) {
        const double weight = k == first || k == last ? 0.5 : 1.0;
        sum += weight * (p[k] - level);
        squares += weight * (p[k] - level) * (p[k] - level);
        lowest = std::min(lowest, p[k]);
        highest = std::max(highest, p[k]);
        phase.touches_gap = phase.touches_gap || grid.valid[k] == 0;
    }
    const double above = sum / intervals;
    phase.mean = Watts{level + above};
    phase.energy = phase.mean * Seconds{intervals * step};
    phase.peak = Watts{highest};
    phase.min = Watts{lowest};
    phase.stdev = Watts{std::sqrt(std::max(0.0, squares / intervals - above * above))};
    if (phase.mean > Watts{0.0}) {
        phase.cv = phase.stdev / phase.mean;
    }
    if (kind == PhaseKind::ramp || kind == PhaseKind::fall) {
        phase.ramp_rate = WattsPerSecond{(p[last] - p[first]) / (intervals * step)};
    }
    return phase;
}

std::vector<Phase> phases_of(const UniformGrid& grid, const Painting& painting) {
    std::vector<Phase> phases;
    std::size_t first = 0;
    for (std::size_t k = 1; k <= painting.kind.size(); ++k) {
        const bool goes_on = k < painting.kind.size() && painting.kind[k] == painting.kind[first] &&
                             painting.mark[k] == painting.mark[first];
        if (!goes_on) {
            phases.push_back(describe(grid, painting.kind[first], first, k));
            phases.back().inferred = painting.mark[first] == Painting::inferred;
            first = k;
        }
    }
    return phases;
}

std::array<PhaseSummary, phase_kind_count> summarise(const std::vector<Phase>& phases) {
    std::array<PhaseSummary, phase_kind_count> summary;
    for (std::size_t i = 0; i < summary.size(); ++i) {
        summary[i].kind = static_cast<PhaseKind>(i);
    }
    for (const Phase& phase : phases) {
        PhaseSummary& kind = summary[index_of(phase.kind)];
        ++kind.count;
        kind.time += to_seconds(phase.window.length());
        kind.energy += phase.energy;
    }
    for (PhaseSummary& kind : summary) {
        if (kind.count > 0) {
            kind.mean = kind.energy / kind.time;
        }
    }
    return summary;
}

// The longest decode phase, less the smear of the sensor on sides where the level changes without a
// ramp or fall of its own; nothing when the smear is most of it.
std::optional<Window> steady_window(const std::vector<Phase>& phases, Seconds smear) {
    std::optional<std::size_t> longest;
    for (std::size_t i = 0; i < phases.size(); ++i) {
        if (phases[i].kind == PhaseKind::decode &&
            (!longest || phases[i].window.length() > phases[*longest].window.length())) {
            longest = i;
        }
    }
    if (!longest) {
        return std::nullopt;
    }
    const auto smears = [&](std::size_t neighbour) {
        const PhaseKind kind = phases[neighbour].kind;
        return kind != PhaseKind::ramp && kind != PhaseKind::fall;
    };
    Window steady = phases[*longest].window;
    if (*longest > 0 && smears(*longest - 1)) {
        steady.begin += to_nanoseconds(smear);
    }
    if (*longest + 1 < phases.size() && smears(*longest + 1)) {
        steady.end -= to_nanoseconds(smear);
    }
    const bool mostly_smear = 2 * steady.length() < phases[*longest].window.length();
    return mostly_smear ? std::nullopt : std::optional{steady};
}

std::optional<Window> active_window(const std::vector<Phase>& phases) {
    const auto works = [](const Phase& phase) { return phase.kind != PhaseKind::idle; };
    const auto first = std::ranges::find_if(phases, works);
    if (first == phases.end()) {
        return std::nullopt;
    }
    const auto last = std::find_if(phases.rbegin(), phases.rend(), works);
    return Window{first->window.begin, last->window.end};
}

// The grid that phases are found on, and the levels on it. Where noise hides the idle band, nodes
// are averaged until it does not.
struct Ground {
    UniformGrid grid;
    PowerLevels levels;
};

std::optional<Ground> prepare(const PowerView& view,
                              Window window,
                              Seconds interval,
                              const LevelHints& hints) {
    const Seconds step = std::max(interval, hints.sensor.update_period.value_or(interval));
    auto grid = node_means(view, window, step);
    if (!grid) {
        return std::nullopt;
    }
    PowerLevels levels = find_levels(*grid, hints);
    constexpr double clear = 12.0; // the band of 3 sigma within a quarter of the span
    const double crowding =
        levels.span() > Watts{0.0} ? clear * levels.idle_noise / levels.span() : 0.0;
    if (crowding > 1.0) {
        constexpr double most = 64.0;
        const double factor = std::min(std::ceil(crowding * crowding), most);
        if (auto coarse = node_means(view, window, factor * grid->step())) {
            grid = std::move(coarse);
            levels = find_levels(*grid, hints);
        }
    }
    return Ground{std::move(*grid), levels};
}

PhaseMethod method_for(const Ground& ground, const PhaseOptions& options) {
    PhaseMethod method;
    method.fixed_thresholds = options.fixed_thresholds;
    method.step = ground.grid.step();
    if (const auto noise = noise_level(ground.grid)) {
        method.noise = noise->working;
    }
    method.sensor_resolution = sensor_resolution(options.sensor, method.step);
    method.resolution = method.sensor_resolution + 2.5 * method.step;
    method.dwell = std::max({least_dwell, 2.0 * method.step, method.sensor_resolution});
    method.slope_threshold =
        options.fixed_thresholds
            ? fixed_slope_threshold
            : WattsPerSecond{slope_share_per_second * ground.levels.span().value()};
    const Seconds shortest = std::max(method.sensor_resolution, 2.0 * method.step);
    // A slope window of more than a quarter of the run would see nothing but the run.
    const Seconds longest = std::max(shortest, to_seconds(ground.grid.window.length()) / 4.0);
    method.slope_window =
        method.slope_threshold > WattsPerSecond{0.0}
            ? std::min(slope_window(method.noise, method.step, method.slope_threshold, shortest),
                       longest)
            : shortest;
    return method;
}

} // namespace

std::string_view to_string(PhaseKind kind) { return names[index_of(kind)]; }

std::optional<PhaseKind> phase_kind_from(std::string_view name) {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
        return std::nullopt;
    }
    return static_cast<PhaseKind>(found - names.begin());
}

std::optional<PhaseReport> find_phases(const PowerView& view,
                                       Window window,
                                       std::span<const Mark> marks,
                                       const PhaseOptions& options) {
    const auto interval = median_interval(view);
    if (!interval) {
        return std::nullopt;
    }
    const auto ground = prepare(view, window, *interval, options);
    if (!ground) {
        return std::nullopt;
    }
    PhaseReport report;
    report.levels = ground->levels;
    report.method = method_for(*ground, options);
    const UniformGrid& grid = ground->grid;
    const std::vector<double> slope = slopes(grid, report.method.slope_window);
    std::vector<NamedMark> named = phase_marks(marks);

    Painting painting;
    if (options.fixed_thresholds) {
        const auto shortest = std::lround(report.method.dwell.value() / grid.step().value());
        painting.kind = fixed_threshold_kinds(grid, slope, static_cast<std::size_t>(shortest));
        painting.mark.assign(painting.kind.size(), Painting::inferred);
    } else {
        const bool marked = std::ranges::any_of(named, [](const NamedMark& mark) {
            return mark.kind == PhaseKind::prefill || mark.kind == PhaseKind::decode;
        });
        const InferredPhases inferred =
            infer_phases(grid, report.levels, report.method, slope, !marked);
        painting = painting_of(inferred.runs, grid.intervals());
        report.unresolved_count = inferred.unresolved.size();
        report.unresolved = inferred.unresolved;
        report.unresolved.resize(std::min(report.unresolved.size(), PhaseReport::max_unresolved));
    }
    paint_marks(painting, grid, std::move(named));
    report.phases = phases_of(grid, painting);
    report.summary = summarise(report.phases);
    report.steady = steady_window(report.phases, report.method.resolution);
    report.active = active_window(report.phases);
    return report;
}

} // namespace joulemark::analysis
