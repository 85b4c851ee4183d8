// The GPUs joulemark knows: data/gpus.csv, embedded. Constant data; safe from any thread.
#pragma once

#include "core/result.hpp"
#include "core/units.hpp"
#include "physics/activity.hpp"
#include "physics/architecture.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::physics {

struct GpuSpec {
    std::string name;                 // canonical: "h200"
    std::string product;              // as the driver prints it: "NVIDIA H200"
    std::vector<std::string> aliases; // other names, as people write them
    Architecture architecture = Architecture::unknown;
    std::string compute_capability; // "9.0"
    Bytes memory;
    std::string memory_type; // "HBM3e"
    BytesPerSecond memory_bandwidth;
    // Dense peak rates with 32-bit accumulation, operations per second; absent where the hardware
    // has no such unit.
    std::optional<Hertz> fp16_rate;
    std::optional<Hertz> bf16_rate;
    std::optional<Hertz> fp8_rate;
    std::optional<Hertz> int8_rate;
    std::optional<Hertz> sm_clock; // boost
    Watts tdp;
    std::optional<Watts> idle_power;
    std::string source; // where the row comes from
    std::string idle_source;
};

[[nodiscard]] std::span<const GpuSpec> gpu_catalog();

// Forgiving: case, vendor words and punctuation do not matter ("H200", "NVIDIA H200", "a100 sxm4
// 80gb"). Kind::not_found offers the nearest names.
[[nodiscard]] Result<GpuSpec> find_gpu(std::string_view text);

// Reads a table of the same columns; Kind::parse names the line and the column.
[[nodiscard]] Result<std::vector<GpuSpec>> read_gpu_catalog(std::string_view csv);

// Power from activity for this GPU. The coefficients are assumed (docs/explanation/sensors.md):
// both roofs at once ask for 15 % more than the TDP allows. Where idle power is unknown, 10 % of
// the TDP is taken.
[[nodiscard]] PowerModel power_model_of(const GpuSpec& gpu);

} // namespace joulemark::physics
