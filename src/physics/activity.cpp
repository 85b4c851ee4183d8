#include "physics/activity.hpp"

#include "core/units.hpp"

#include <algorithm>

namespace joulemark::physics {

Activity activity_for(const PowerModel& model, Watts power) {
    const Watts range = model.memory_power + model.compute_power;
    if (range <= Watts{0.0}) {
        return {};
    }
    const double share = std::clamp((power - model.idle) / range, 0.0, 1.0);
    return {share, share};
}

} // namespace joulemark::physics
