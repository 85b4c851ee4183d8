// Runs, inventories and diagnoses with known content, for the tests of what is said about them.
#pragma once

#include "analysis/analyse.hpp"
#include "core/inventory.hpp"
#include "core/run.hpp"

#include <string>

namespace joulemark::test {

struct SampleRun {
    RunRecord record;
    analysis::RunAnalysis analysis;
};

// One simulated H200 over 30 s with everything that can be known.
[[nodiscard]] SampleRun full_run();
// The same with a second device.
[[nodiscard]] SampleRun two_device_run();
// A device that gave nothing.
[[nodiscard]] SampleRun unknown_run();
// Every text that can come from outside carries `text`.
[[nodiscard]] SampleRun run_with_text(const std::string& text);

[[nodiscard]] Inventory sample_inventory();
[[nodiscard]] Inventory inventory_with_text(const std::string& text);
[[nodiscard]] Diagnosis sample_diagnosis();

// A clear-screen, a title change, a C1 control, a newline and bytes that are not UTF-8.
inline const std::string hostile = "a\x1b[2Jb\x1b]0;owned\x07\xc2\x9b"
                                   "31m\n\xff\xfe";

} // namespace joulemark::test
