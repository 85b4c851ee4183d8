// The energy counter as a cumulative curve known at its ticks. A counter changes only every so
// often (100 ms on most GPUs); reading it at the edges of a window is wrong by up to a tick at each
// end. Here every change is located in time and the curve between two changes is left to the
// caller's knowledge of the power's shape. Pure values.
//
// Ticks of hardware are regular. Each polled change brackets its tick between two polls; the
// brackets of many ticks together pin down phase and period far better than one alone: all (phase,
// period) with before_k <= phase + k * period <= after_k remain possible.
#pragma once

#include "core/time.hpp"
#include "core/units.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace joulemark::analysis {

// The counter became `value` after `before` and not later than `after`.
struct Tick {
    Instant before;
    Instant after;
    double joules = 0.0; // value from this tick on, relative to the first reading of the track
};

// A regular grid that all ticks of a stretch agree with.
struct TickGrid {
    Instant origin; // time of tick number `origin_number`
    std::int64_t origin_number = 0;
    Seconds period;
    Seconds origin_half_range; // what the brackets leave open, given the period
    Seconds period_half_range; // what they leave open of the period
};

struct CounterTrack {
    std::vector<Tick> ticks;
    std::vector<Window> resets;            // stretches in which the counter went backwards
    std::optional<Seconds> median_spacing; // of ticks
    std::size_t readings = 0;

    // Ticks [first, last) with no reset between them that contain as much of `window` as there is.
    struct Range {
        std::size_t first = 0;
        std::size_t last = 0;
    };
    [[nodiscard]] bool has_reset_in(Window window) const;
};

// `joules` may contain missing readings (NaN). `documented_tick` narrows the brackets when polling
// is slower than it.
[[nodiscard]] CounterTrack track_counter(std::span<const Instant> time,
                                         std::span<const double> joules,
                                         std::optional<Seconds> documented_tick);

// Fits a grid to ticks [first, last); nothing when they are not regular or polled too coarsely. A
// documented tick that the brackets allow is preferred to the middle of what they allow. At most
// `max_grid_ticks` are looked at.
inline constexpr std::size_t max_grid_ticks = 96;
[[nodiscard]] std::optional<TickGrid> fit_grid(std::span<const Tick> ticks,
                                               std::optional<Seconds> documented_tick);

} // namespace joulemark::analysis
