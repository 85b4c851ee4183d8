// `demo`: the whole chain on a simulated GPU, for a machine that has none.
#pragma once

#include "core/inventory.hpp"
#include "verbs/measure.hpp"

#include <string>
#include <vector>

namespace joulemark::verbs {

struct DemoRequest {
    std::string device = "sim:h200";
    Seconds baseline{2.0};
    Seconds duration{8.0};
    std::string folder; // where the files go; empty: none are written
};

struct DemoResult {
    Inventory inventory; // of the device
    MeasuredRun run;
    std::vector<std::string> files;
};

// Describes the device, measures it with a baseline, exports the run.
[[nodiscard]] Result<DemoResult> demo(const DemoRequest& request, const Context& context);

} // namespace joulemark::verbs
