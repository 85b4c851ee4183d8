#include "physics/load.hpp"

#include "core/time.hpp"
#include "physics/activity.hpp"
#include "physics/curve.hpp"

#include <cassert>

namespace joulemark::physics {

LoadCurve llm_cycles(const LlmCycle& cycle) {
    assert(cycle.rise < cycle.prefill && cycle.rise < cycle.decode && cycle.rise < cycle.gap);
    const Nanoseconds decode{cycle.prefill};
    const Nanoseconds gap = decode + cycle.decode;
    const Activity idle;
    return {{{Nanoseconds{0}, idle},
             {cycle.rise, cycle.prefill_activity},
             {decode, cycle.prefill_activity},
             {decode + cycle.rise, cycle.decode_begin},
             {gap, cycle.decode_end},
             {gap + cycle.rise, idle}},
            cycle.length()};
}

} // namespace joulemark::physics
