// The phases of a run: idle, ramp, prefill, decode, fall, found relative to measured levels, with
// hysteresis and a minimum dwell, never by thresholds on single readings.
//
// 1. The readings go onto a node grid that keeps their energy (uniform_grid.hpp), as fine as the
//    sensor refreshes, at most a million nodes, coarser where the noise asks for it.
// 2. Levels: rest P_i and work P_a (power_levels.hpp). Idle band: P_i + max(3 sigma_idle, 5 % of
//    (P_a - P_i)); left at twice that height, entered again below it, for at least `dwell`.
// 3. An active stretch opens with a ramp until it reaches its first plateau and closes with a fall,
//    when these are steeper than a fifth of (P_a - P_i) per second. An edge that the sensor cannot
//    resolve is left out and reported with a lower bound on its rate.
// 4. An opening plateau that stands significantly above the rest of its stretch (change point,
//    autocorrelation respected) and falls off sharply is prefill, the rest decode; later prefills
//    inside one stretch (continuous batching) stay in decode.
// 5. Marks named like a phase win over all of this; of several at one time the latest begun. Where
//    there are prefill or decode marks, prefill is not inferred.
//
// The phases partition the window of the grid: each begins where the one before ends, on nodes.
#pragma once

#include "analysis/power_levels.hpp"
#include "analysis/power_view.hpp"
#include "core/run.hpp"
#include "core/time.hpp"
#include "core/units.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace joulemark::analysis {

enum class PhaseKind { idle, ramp, prefill, decode, fall };
inline constexpr std::size_t phase_kind_count = 5;

[[nodiscard]] std::string_view to_string(PhaseKind kind);
[[nodiscard]] std::optional<PhaseKind> phase_kind_from(std::string_view name);

// Figures over the nodes from start to end, both included.
struct Phase {
    PhaseKind kind = PhaseKind::idle;
    Window window;
    Joules energy; // trapezoid over the nodes
    Watts mean;    // energy / length
    Watts peak;
    Watts min;
    Watts stdev;                             // time-weighted population
    std::optional<double> cv;                // absent when the mean is not above zero
    std::optional<WattsPerSecond> ramp_rate; // ramp and fall: (last - first node) / length
    bool inferred = true;                    // from the power alone; false where a mark said so
    bool touches_gap = false;
};

struct PhaseSummary {
    PhaseKind kind = PhaseKind::idle;
    std::uint64_t count = 0;
    Seconds time;
    Joules energy;
    std::optional<Watts> mean; // energy / time
};

// An edge that was over within the resolution: no phase, but a bound.
struct UnresolvedEdge {
    PhaseKind kind = PhaseKind::ramp; // ramp or fall
    Instant time;
    WattsPerSecond at_least; // signed: the true rate is at least this steep
};

// What the phases were found by, so that a reader can judge them.
struct PhaseMethod {
    bool fixed_thresholds = false;
    Seconds step;         // of the node grid
    Watts noise;          // of a node
    Seconds slope_window; // T
    WattsPerSecond slope_threshold;
    Seconds dwell;             // shortest stay at rest
    Seconds sensor_resolution; // sensor_resolution() of the sensor and the grid
    Seconds resolution; // edges shorter than this are unresolved: the above and 2.5 steps, over
                        // which node means spread a step
};

struct PhaseReport {
    std::vector<Phase> phases;
    std::array<PhaseSummary, phase_kind_count> summary; // in the order of PhaseKind
    std::vector<UnresolvedEdge> unresolved;             // the first `max_unresolved`
    std::uint64_t unresolved_count = 0;
    PowerLevels levels;
    PhaseMethod method;
    // Longest decode phase, without the sensor's smear at its ends: the window of the steady CV.
    std::optional<Window> steady;
    std::optional<Window> active; // first ramp to last fall

    static constexpr std::size_t max_unresolved = 1000;
};

struct PhaseOptions : LevelHints {
    // The proposal's rule instead, for comparison with published figures
    // (fixed_threshold_phases.hpp).
    bool fixed_thresholds = false;
};

// Nothing when the window holds less than two readings.
// O(n + N log N) for n readings on N nodes.
[[nodiscard]] std::optional<PhaseReport> find_phases(const PowerView& view,
                                                     Window window,
                                                     std::span<const Mark> marks,
                                                     const PhaseOptions& options);

} // namespace joulemark::analysis
