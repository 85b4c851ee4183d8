// The loops that bench_sampler compares: the sampler over several kinds of device, a bare timer
// loop, and Python's.
#pragma once

#include "core/result.hpp"
#include "core/time.hpp"
#include "device/device.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace joulemark::bench {

struct Plan {
    std::size_t devices = 8;
    Nanoseconds interval{std::chrono::milliseconds{1}};
    Nanoseconds duration{std::chrono::seconds{2}};
    Nanoseconds latency{0};             // busy time inside a read call of the constant device
    bool spread = false;                // phases spread over the interval instead of aligned
    std::optional<std::string> library; // a libnvidia-ml.so.1
    std::string python_script = "bench/python_sampler.py";
};

// What one loop cost and how punctual it was. A sample is one reading of one device.
struct Outcome {
    std::uint64_t samples = 0;
    std::uint64_t missed = 0;
    double cpu_us = 0.0;     // CPU of the whole process per sample, user and system
    double awake_us = 0.0;   // median time between waking up and sleeping again, per sample
    double library_us = 0.0; // median time inside the read call
    double lateness_p50_us = 0.0;
    double lateness_p99_us = 0.0;
    double lateness_max_us = 0.0;
};

// One thread per device that does nothing but wait for its deadlines with clock_nanosleep.
[[nodiscard]] Outcome run_bare_loop(const Plan& plan);

using Devices = std::vector<std::unique_ptr<device::Device>>;

// Answers at once with constants, or after `plan.latency` of busy waiting.
[[nodiscard]] Devices constant_devices(const Plan& plan);
// Calls nvmlDeviceGetPowerUsage and nvmlDeviceGetTotalEnergyConsumption and nothing else, as the
// Python loop does.
[[nodiscard]] Result<Devices> library_devices(const Plan& plan);

// The same two calls again and again, with nothing around them.
[[nodiscard]] Result<Outcome> run_library_alone(const Plan& plan);
// joulemark's own NVML back-end.
[[nodiscard]] Result<Devices> nvml_devices(const Plan& plan);

[[nodiscard]] Result<Outcome> run_sampler(const Plan& plan, Devices devices);

// One device read by the sampling loop as fast as it goes, without sleeps.
[[nodiscard]] Result<Outcome> run_unpaced(const Plan& plan);

// bench/python_sampler.py with the shape "loop", "threads" or "unpaced".
[[nodiscard]] Result<Outcome> run_python(const Plan& plan, const std::string& shape);

} // namespace joulemark::bench
