// Totals over the devices of a run. Pure.
#pragma once

#include "analysis/analyse.hpp"

#include <cstdint>
#include <optional>

namespace joulemark::analysis {

// Fills the totals of `run` from its devices and the number of generated tokens. Hardware that two
// devices both measure is counted once: a device with the UUID of an earlier one, CPU cores beside
// a package, parts beside a module or a whole-system meter.
void add_totals(RunAnalysis& run, std::optional<std::int64_t> tokens);

} // namespace joulemark::analysis
