// Everything joulemark says about one recorded run, from its record and traces: energy with
// intervals, statistics, phases, derivatives, marks, baseline, totals over devices, warnings. Pure:
// values in, values out.
#pragma once

#include "analysis/derivatives.hpp"
#include "analysis/energy.hpp"
#include "analysis/phases.hpp"
#include "analysis/slow_summary.hpp"
#include "analysis/statistics.hpp"
#include "analysis/uniform_grid.hpp"
#include "core/run.hpp"
#include "core/trace.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace joulemark::analysis {

struct AnalysisOptions {
    bool fixed_thresholds = false;   // phases by the proposal's fixed thresholds
    std::optional<Watts> idle_power; // instead of a measured baseline; assumed
};

// Idle power that net energy subtracts.
struct Baseline {
    Estimate<Watts> power; // source says whether it was measured before the run or given
    std::optional<Window> window;
    Watts half_width_before_gain{0.0}; // at 95 %; the gain is shared with the load
};

struct MarkEnergy {
    Mark mark;
    EnergyResult energy;
    std::optional<Watts> mean_power; // energy / length
};

struct DeviceAnalysis {
    DeviceInfo device;
    EnergyResult energy;
    std::optional<Estimate<Watts>> mean_power; // energy / duration, with the energy's interval
    std::optional<PowerStatistics> statistics; // over the whole window
    std::optional<PowerStatistics> steady;     // over the longest decode phase
    std::optional<PhaseReport> phases;
    std::optional<Derivatives> derivatives;
    std::optional<Baseline> baseline;
    std::optional<Estimate<Joules>> net_energy;
    SlowSummary slow;
    std::vector<MarkEnergy> marks;
    SamplingReport sampling;
    Nanoseconds interval{0}; // nominal
    std::uint64_t merged = 1;
    std::optional<BinMeans> curve; // for drawing: at most `curve_bins` bins over the window
    std::vector<Warning> warnings; // all of them, the energy's included

    static constexpr std::size_t curve_bins = 2000;
};

struct RunAnalysis {
    Window window;
    std::vector<DeviceAnalysis> devices;
    // Over the devices that measure different hardware (a package already contains its cores).
    // Absent when no device gave an energy. Gains of different devices are independent.
    std::optional<Estimate<Joules>> total_energy;
    std::optional<Estimate<Joules>> total_net_energy; // when every counted device has one
    std::optional<Estimate<Watts>> mean_power;
    std::optional<Watts>
        peak_power; // of the sum over devices, on the curve's bins when there are several
    std::optional<Estimate<double>>
        power_cv; // one device: its own; several: of the sum, without interval
    std::optional<Estimate<double>> joules_per_token; // J
    std::optional<Estimate<double>> tokens_per_joule; // 1/J
    std::vector<std::size_t> counted;                 // indices of the devices in the totals
    std::vector<Warning> warnings;                    // of the run as a whole

    [[nodiscard]] Seconds duration() const { return to_seconds(window.length()); }
};

// The window is the record's, else the common extent of the traces. Kind::invalid_argument when
// there is neither.
[[nodiscard]] Result<RunAnalysis> analyse(const RunRecord& record,
                                          std::span<const Trace> traces,
                                          const AnalysisOptions& options = {});

} // namespace joulemark::analysis
