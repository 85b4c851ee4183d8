#include "analysis/counter_track.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace joulemark::analysis {

namespace {

// Ticks of real firmware wander a little; the smallest allowance that all brackets agree with is
// taken.
constexpr std::array<double, 4> jitter_allowance_s{0.0, 0.0005, 0.002, 0.005};
constexpr std::size_t min_grid_ticks = 4;
// A bracket wider than this share of the spacing does not say which tick of the grid it holds.
constexpr double widest_bracket = 0.6;

struct Bracket {
    double before;
    double after;
    std::int64_t number;
};

double middle(const Tick& tick, Instant zero) {
    return to_seconds(tick.before - zero).value() / 2 + to_seconds(tick.after - zero).value() / 2;
}

double median_of(std::vector<double>& values) {
    const auto mid = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, mid);
    return *mid;
}

std::vector<double> spacings(std::span<const Tick> ticks) {
    std::vector<double> out;
    out.reserve(ticks.size());
    for (std::size_t i = 1; i < ticks.size(); ++i) {
        out.push_back(to_seconds(ticks[i].after - ticks[i - 1].after).value());
    }
    return out;
}

// Numbers the ticks on a grid of about `spacing`, leaving out those whose bracket is too wide to
// say.
std::vector<Bracket> number_ticks(std::span<const Tick> ticks, double spacing, Instant zero) {
    std::vector<Bracket> out;
    std::int64_t number = 0;
    double last = 0.0;
    for (const Tick& tick : ticks) {
        const double before = to_seconds(tick.before - zero).value();
        const double after = to_seconds(tick.after - zero).value();
        if (after - before > widest_bracket * spacing) {
            continue;
        }
        const double mid = middle(tick, zero);
        if (!out.empty()) {
            number += std::max<std::int64_t>(1, std::llround((mid - last) / spacing));
        }
        out.push_back({before, after, number});
        last = mid;
    }
    return out;
}

struct Range {
    double low;
    double high;
};

// Periods for which every two brackets can lie on one grid.
Range possible_periods(std::span<const Bracket> brackets, double jitter) {
    Range period{0.0, std::numeric_limits<double>::infinity()};
    for (std::size_t i = 0; i < brackets.size(); ++i) {
        for (std::size_t j = i + 1; j < brackets.size(); ++j) {
            const auto steps = static_cast<double>(brackets[j].number - brackets[i].number);
            period.low =
                std::max(period.low, (brackets[j].before - brackets[i].after - 2 * jitter) / steps);
            period.high = std::min(period.high,
                                   (brackets[j].after - brackets[i].before + 2 * jitter) / steps);
        }
    }
    return period;
}

// Phases for which every bracket holds its tick, given the period. In one dimension, brackets that
// meet pair by pair have a point in common, so the range is not empty for a possible period.
Range possible_phases(std::span<const Bracket> brackets, double period, double jitter) {
    Range phase{-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
    for (const Bracket& b : brackets) {
        const double steps = static_cast<double>(b.number) * period;
        phase.low = std::max(phase.low, b.before - jitter - steps);
        phase.high = std::min(phase.high, b.after + jitter - steps);
    }
    return phase;
}

} // namespace

bool CounterTrack::has_reset_in(Window window) const {
    return std::ranges::any_of(resets, [&](const Window& reset) {
        return reset.end > window.begin && reset.begin < window.end;
    });
}

CounterTrack track_counter(std::span<const Instant> time,
                           std::span<const double> joules,
                           std::optional<Seconds> documented_tick) {
    CounterTrack track;
    std::optional<Instant> last_time;
    double last_value = 0.0;
    double offset = 0.0; // makes the curve go on from where it was after a reset
    for (std::size_t i = 0; i < time.size() && i < joules.size(); ++i) {
        const double value = joules[i];
        if (std::isnan(value)) {
            continue;
        }
        ++track.readings;
        if (!last_time) {
            offset = -value;
        } else if (value > last_value) {
            Instant before = *last_time;
            if (documented_tick) {
                before = std::max(before, time[i] - to_nanoseconds(*documented_tick));
            }
            track.ticks.push_back({before, time[i], value + offset});
        } else if (value < last_value) {
            track.resets.push_back({*last_time, time[i]});
            offset += last_value - value;
        }
        last_time = time[i];
        last_value = value;
    }
    if (track.ticks.size() >= 2) {
        std::vector<double> all = spacings(track.ticks);
        track.median_spacing = Seconds{median_of(all)};
    }
    return track;
}

std::optional<TickGrid> fit_grid(std::span<const Tick> ticks,
                                 std::optional<Seconds> documented_tick) {
    if (ticks.size() > max_grid_ticks) {
        ticks = ticks.first(max_grid_ticks);
    }
    if (ticks.size() < min_grid_ticks) {
        return std::nullopt;
    }
    const Instant zero = ticks.front().after;
    std::vector<double> all = spacings(ticks);
    const std::vector<Bracket> brackets = number_ticks(ticks, median_of(all), zero);
    if (brackets.size() < min_grid_ticks) {
        return std::nullopt;
    }
    for (const double jitter : jitter_allowance_s) {
        const Range periods = possible_periods(brackets, jitter);
        if (periods.low > periods.high) {
            continue;
        }
        const bool documented_fits = documented_tick && documented_tick->value() >= periods.low &&
                                     documented_tick->value() <= periods.high;
        const double period =
            documented_fits ? documented_tick->value() : (periods.low + periods.high) / 2;
        const Range phases = possible_phases(brackets, period, jitter);
        const std::int64_t middle_number = brackets[brackets.size() / 2].number;
        const double phase = (phases.low + phases.high) / 2;
        return TickGrid{
            .origin =
                zero + to_nanoseconds(Seconds{phase + static_cast<double>(middle_number) * period}),
            .origin_number = middle_number,
            .period = Seconds{period},
            .origin_half_range = Seconds{std::max(0.0, (phases.high - phases.low) / 2)},
            .period_half_range = Seconds{(periods.high - periods.low) / 2},
        };
    }
    return std::nullopt;
}

} // namespace joulemark::analysis
