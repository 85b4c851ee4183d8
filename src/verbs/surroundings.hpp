// `devices` and `doctor`: what can be measured here, and what stands in the way.
#pragma once

#include "core/inventory.hpp"
#include "core/result.hpp"
#include "verbs/context.hpp"

#include <string>
#include <vector>

namespace joulemark::verbs {

// With names, those devices (also simulated and replayed ones); else everything real that is there.
[[nodiscard]] Result<Inventory> list_devices(const std::vector<std::string>& names,
                                             const Context& context);

// Looks at every back-end, the store, the timer's lateness and the clocks. Takes well under a
// second.
[[nodiscard]] Diagnosis doctor(const Context& context);

} // namespace joulemark::verbs
