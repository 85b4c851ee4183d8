// The phases of a run: idle, ramp, prefill, decode, fall, found as qualification 8 asks: relative
// to measured levels, with hysteresis and a minimum dwell, never by thresholds on single readings.
//
// 1. The readings go onto a node grid that keeps their energy (uniform_grid.hpp), at most a million
// nodes.
// 2. Idle level P_i: given, or the low mode of the distribution when that can be idle. Active level
// P_a: median of what
//    lies above. Idle band: P_i + max(3 sigma_idle, 5 % of (P_a - P_i)); left at twice that height,
//    entered again below it, and only for at least `dwell`.
// 3. An active stretch opens with a ramp until it reaches its first plateau and closes with a fall.
// An edge that the
//    sensor cannot resolve is left out and reported with a lower bound on its rate.
// 4. An opening plateau that stands significantly above the rest (change point, autocorrelation
// respected) is prefill,
//    the rest decode. Marks named like a phase win over all of this.
//
// The phases partition the grid's window: each begins where the one before ends, on nodes.
#pragma once

#include "analysis/power_view.hpp"
#include "analysis/uniform_grid.hpp"
#include "core/estimate.hpp"
#include "core/run.hpp"

#include <array>
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

// Figures over the nodes from start to end, both included (workload-profile 2.1).
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

struct PowerLevels {
    std::optional<Watts> idle; // absent: the window never idles and nobody said
    Source idle_source = Source::estimated;
    Watts idle_noise;            // standard deviation about it
    std::optional<Watts> active; // absent: the window only idles
};

// What the phases were found by, so that a reader can judge them.
struct PhaseMethod {
    bool fixed_thresholds = false;
    Seconds step;         // of the node grid
    Watts noise;          // of a node
    Seconds slope_window; // T
    WattsPerSecond slope_threshold;
    Seconds dwell;      // shortest stay
    Seconds resolution; // edges shorter than this are unresolved
};

struct PhaseReport {
    std::vector<Phase> phases;
    std::array<PhaseSummary, phase_kind_count> summary; // in the order of PhaseKind
    std::vector<UnresolvedEdge> unresolved;             // the first `max_unresolved`
    std::uint64_t unresolved_count = 0;
    PowerLevels levels;
    PhaseMethod method;
    std::optional<Window> steady; // longest decode phase: the window of the steady CV
    std::optional<Window> active; // first ramp to last fall

    static constexpr std::size_t max_unresolved = 1000;
};

// GPU utilisation (0 to 1) over its own times: where it was zero the device was idle, whatever the
// watts say.
struct UtilisationView {
    std::span<const Instant> time;
    std::span<const double> share;
};

struct PhaseOptions {
    SensorLimits sensor;
    std::optional<Watts> idle_power;  // measured (a baseline): taken as it is
    std::optional<Watts> power_limit; // upper reference for "can this level be idle?"
    UtilisationView utilisation;
    // The proposal's rule: idle below 100 W, ramp above 100 W/s, fall below -100 W/s, slopes over
    // the stated window.
    bool fixed_thresholds = false;
};

// Nothing when the window holds less than two readings.
// O(n + N log N) for n readings on N nodes.
[[nodiscard]] std::optional<PhaseReport> find_phases(const PowerView& view,
                                                     Window window,
                                                     std::span<const Mark> marks,
                                                     const PhaseOptions& options);

} // namespace joulemark::analysis
