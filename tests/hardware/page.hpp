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

// The recording as joulemark's own trace CSV, without serial number and UUID. Of fast readings that
// repeat the one before and are repeated by the next, one in 50 ms is kept: every change keeps the
// readings before and after it.
[[nodiscard]] Result<std::string> trace_csv(const DeviceInfo& device, const Recording& recording);

} // namespace joulemark::hardware
