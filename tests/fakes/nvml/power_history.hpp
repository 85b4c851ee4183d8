// True power of a fake GPU over time, with its exact integral: the truth behind every reading.
// Values; pure.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace fake_nvml {

// Power in watts as a function of seconds since the wave began. Before that it is what it is at 0.
struct Wave {
    enum class Shape { constant, square, ramp };
    Shape shape = Shape::constant;
    double low = 100.0;  // constant: the value; ramp: the first
    double high = 100.0; // ramp: the last
    double period = 1.0; // square: of a cycle, which begins high; ramp: its length
    double duty = 0.5;   // square: share of the cycle that is high

    // Joules from 0 to `t` seconds, negative for negative t.
    [[nodiscard]] double energy(double t) const {
        switch (shape) {
        case Shape::square: {
            if (t < 0.0) {
                return high * t;
            }
            const double cycles = std::floor(t / period);
            const double within = t - cycles * period;
            const double high_time = duty * period;
            return cycles * period * (duty * high + (1.0 - duty) * low) +
                   high * std::min(within, high_time) + low * std::max(0.0, within - high_time);
        }
        case Shape::ramp: {
            if (t < 0.0) {
                return low * t;
            }
            const double rising = std::min(t, period);
            return low * rising + (high - low) * rising * rising / (2.0 * period) +
                   high * std::max(0.0, t - period);
        }
        case Shape::constant:
            break;
        }
        return low * t;
    }
};

// One wave after the other, each from its own beginning. Times in seconds.
class PowerHistory {
public:
    void begin(double t, const Wave& wave) {
        const double energy = segments_.empty() ? 0.0 : this->energy(t);
        std::erase_if(segments_, [&](const Segment& s) { return s.begin >= t; });
        segments_.push_back({t, energy, wave});
    }

    // Joules since the first wave began.
    [[nodiscard]] double energy(double t) const {
        const Segment* at = nullptr;
        for (const Segment& segment : segments_) {
            if (at == nullptr || segment.begin <= t) {
                at = &segment;
            }
        }
        return at == nullptr ? 0.0 : at->energy_before + at->wave.energy(t - at->begin);
    }

    // Mean watts over the `window` seconds before `t`.
    [[nodiscard]] double mean(double t, double window) const {
        return (energy(t) - energy(t - window)) / window;
    }

private:
    struct Segment {
        double begin;
        double energy_before;
        Wave wave;
    };
    std::vector<Segment> segments_;
};

} // namespace fake_nvml
