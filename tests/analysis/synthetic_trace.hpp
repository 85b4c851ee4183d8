// Power traces whose truth is known: a load drawn from straight pieces, seen by a sensor with an
// averaging window, an update period and noise, polled at an interval. For the tests of analysis.
#pragma once

#include "analysis/power_view.hpp"
#include "core/random.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace joulemark::analysis::testing {

inline Instant at_seconds(double s) { return instant_at(std::llround(s * 1e9)); }
inline Window window_of(double begin_s, double end_s) {
    return {at_seconds(begin_s), at_seconds(end_s)};
}

// Readings that own their columns.
struct Readings {
    std::vector<Instant> time;
    std::vector<double> watts;
    std::vector<Gap> gaps;

    [[nodiscard]] PowerView view() const { return {time, watts, gaps}; }
    [[nodiscard]] Window extent() const { return {time.front(), time.back()}; }
    void add(double seconds, double power) {
        time.push_back(at_seconds(seconds));
        watts.push_back(power);
    }
};

// A load made of straight pieces, one after the other from time zero.
class Load {
public:
    Load& hold(double seconds, double watts) { return line(seconds, watts, watts); }
    Load& line(double seconds, double from_watts, double to_watts) {
        pieces_.push_back({length_, seconds, from_watts, to_watts, energy_});
        length_ += seconds;
        energy_ += seconds * 0.5 * (from_watts + to_watts);
        return *this;
    }
    [[nodiscard]] double seconds() const { return length_; }
    // Joules from time zero; the first and the last level go on outside.
    [[nodiscard]] double energy_until(double t) const {
        if (t < 0.0) {
            return pieces_.front().from * t;
        }
        std::size_t low = 0;
        std::size_t high = pieces_.size();
        while (high - low > 1) {
            const std::size_t middle = (low + high) / 2;
            (pieces_[middle].begin <= t ? low : high) = middle;
        }
        const Piece& piece = pieces_[low];
        const double inside = std::min(t - piece.begin, piece.seconds);
        const double reached = piece.from + (piece.to - piece.from) *
                                                (piece.seconds > 0 ? inside / piece.seconds : 1.0);
        return piece.energy_before + 0.5 * (piece.from + reached) * inside +
               piece.to * std::max(0.0, t - piece.begin - piece.seconds);
    }
    [[nodiscard]] double mean(double from, double to) const {
        return (energy_until(to) - energy_until(from)) / (to - from);
    }

private:
    struct Piece {
        double begin, seconds, from, to, energy_before;
    };
    std::vector<Piece> pieces_;
    double length_ = 0.0;
    double energy_ = 0.0;
};

struct Sensor {
    double interval = 0.025; // s between polls
    double update = 0.025;   // s between refreshes of the register
    double window = 0.0;     // s of averaging; 0: the middle 1 ms
    double noise = 0.0;      // W, standard deviation of a refresh
    double quantum = 0.001;  // W

    [[nodiscard]] SensorLimits limits() const {
        return {Seconds{update}, window > 0.0 ? std::optional{Seconds{window}} : std::nullopt};
    }
};

inline Readings observe(const Load& load, const Sensor& sensor, std::uint64_t seed) {
    const RandomStream noise{seed, 1};
    Readings readings;
    const auto polls = static_cast<std::uint64_t>(load.seconds() / sensor.interval + 0.5);
    for (std::uint64_t i = 0; i <= polls; ++i) {
        const double t = static_cast<double>(i) * sensor.interval;
        const auto refresh = static_cast<std::uint64_t>(t / sensor.update + 1e-9);
        const double seen_at = static_cast<double>(refresh) * sensor.update;
        const double window = sensor.window > 0.0 ? sensor.window : 0.001;
        const double watts =
            load.mean(seen_at - window, seen_at) + sensor.noise * noise.normal(refresh);
        readings.add(t, std::max(0.0, std::round(watts / sensor.quantum) * sensor.quantum));
    }
    return readings;
}

} // namespace joulemark::analysis::testing
