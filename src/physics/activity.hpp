// What a GPU is busy with, and the electrical power that takes. Plain values, pure functions.
#pragma once

#include "core/units.hpp"

#include <algorithm>

namespace joulemark::physics {

// Share of time spent at each roof, 0..1: memory traffic and arithmetic.
struct Activity {
    double memory = 0.0;
    double compute = 0.0;

    friend constexpr Activity operator+(Activity a, Activity b) {
        return {a.memory + b.memory, a.compute + b.compute};
    }
    friend constexpr Activity operator-(Activity a, Activity b) {
        return {a.memory - b.memory, a.compute - b.compute};
    }
    friend constexpr Activity operator*(Activity a, double factor) {
        return {a.memory * factor, a.compute * factor};
    }
    friend constexpr bool operator==(const Activity&, const Activity&) = default;
};

// P = idle + memory_power * u_memory + compute_power * u_compute, never above the cap. idle <= cap.
struct PowerModel {
    Watts idle;
    Watts memory_power;
    Watts compute_power;
    Watts cap;

    // What the work asks for before the cap; may lie above it.
    [[nodiscard]] constexpr Watts demand(Activity a) const {
        return idle + memory_power * a.memory + compute_power * a.compute;
    }
    [[nodiscard]] constexpr Watts power(Activity a) const {
        return std::clamp(demand(a), idle, cap);
    }
    [[nodiscard]] constexpr bool is_capped(Activity a) const { return demand(a) > cap; }
};

// The activity, equal on both roofs, that takes `power`; the nearest one where none does.
[[nodiscard]] Activity activity_for(const PowerModel& model, Watts power);

} // namespace joulemark::physics
