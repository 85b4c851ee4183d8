// The page docs/hardware/<gpu>.md and the trace files of one hardware check. Pure functions:
// findings in, text out.
#pragma once

#include "hardware/figures.hpp"
#include "hardware/load.hpp"

#include <string>

namespace joulemark::hardware {

struct Findings {
    DeviceInfo device;
    std::size_t gpus = 1;     // in the machine
    std::int64_t unix_ns = 0; // when
    std::string library;      // NVML library that was named instead of the system's; usually empty
    Recording idle_slow;      // polled at 10 Hz
    Recording idle;           // polled at 1 kHz
    Recording loaded;         // polled at 1 kHz; empty without a load generator
    std::string load_about;   // what the load did
    std::string load_problem; // why there was none
    std::vector<LoadWindow> windows;
};

// "NVIDIA H200" gives "nvidia-h200": safe as the name of a file.
[[nodiscard]] std::string file_stem(const std::string& product);

[[nodiscard]] std::string markdown(const Findings& findings);

// CSV with the columns of the metric table and `time_s` since the first reading. Of readings that
// repeat the one before only the last before a change is kept, so that the recording can be drawn
// and integrated as it was.
[[nodiscard]] std::string trace_csv(const Recording& recording);

} // namespace joulemark::hardware
