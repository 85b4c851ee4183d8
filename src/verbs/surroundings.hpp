// `devices` and `doctor`: what can be measured here, and what stands in the way.
#pragma once

#include "device/registry.hpp"
#include "verbs/context.hpp"

#include "core/result.hpp"

#include <string>
#include <vector>

namespace joulemark::verbs {

// With names, those devices (also simulated and replayed ones); else everything real that is there.
[[nodiscard]] Result<device::Inventory> list_devices(const std::vector<std::string>& names, const Context& context);

enum class Health { good, limited, bad };

struct Check {
    std::string name;    // "nvml", "store", "timer", "clock" ...
    Health health = Health::good;
    std::string finding; // one sentence
    std::string mend;    // one sentence; empty when good
};

struct Diagnosis {
    std::vector<Check> checks;
    device::Inventory inventory;
    bool can_measure = false; // at least one real device can be read
};

// Looks at every back-end, the store, the timer's lateness and the clocks. Takes well under a second.
[[nodiscard]] Diagnosis doctor(const Context& context);

} // namespace joulemark::verbs
