// The load of LLM inference as an activity over time, beside the plain shapes of physics/curve.hpp.
// Pure functions.
#pragma once

#include "physics/curve.hpp"

namespace joulemark::physics {

// Requests that come one after the other: the prompt is read at the arithmetic roof (prefill), then
// tokens are written one by one at the memory roof (decode), whose traffic grows with the context;
// then nothing until the next request.
struct LlmCycle {
    Nanoseconds prefill = std::chrono::milliseconds{600};
    Nanoseconds decode = std::chrono::milliseconds{3600};
    Nanoseconds gap = std::chrono::milliseconds{800};
    Nanoseconds rise =
        std::chrono::milliseconds{20}; // from one level to the next, at the start of each stage
    Activity prefill_activity{.memory = 0.55, .compute = 0.97};
    Activity decode_begin{.memory = 0.82, .compute = 0.15};
    Activity decode_end{.memory = 0.90, .compute = 0.15};

    [[nodiscard]] constexpr Nanoseconds length() const { return prefill + decode + gap; }
};

// Repeats the cycle without end. Each stage is longer than the rise.
[[nodiscard]] LoadCurve llm_cycles(const LlmCycle& cycle = {});

[[nodiscard]] inline LoadCurve no_load() { return constant(Activity{}); }

} // namespace joulemark::physics
