// GPU architectures as far as their power sensors differ, and how to tell them. Pure functions.
#pragma once

#include <optional>
#include <string_view>

namespace joulemark::physics {

// NVML gives GA100 and GA10x one number, but their sensors are unlike: tell them by compute
// capability.
enum class Architecture {
    kepler,
    maxwell,
    pascal,
    volta,
    turing,
    ampere_ga100,
    ampere_ga10x,
    ada,
    hopper,
    blackwell,
    unknown,
};

// "Hopper (GH100)", "Ampere (GA10x)" ...
[[nodiscard]] std::string_view to_string(Architecture architecture);

// From a CUDA compute capability such as "9.0"; `unknown` for what is not one.
[[nodiscard]] Architecture architecture_of_capability(std::string_view capability);
[[nodiscard]] Architecture architecture_of_capability(int major, int minor);

// From a product name as nvidia-smi prints it ("NVIDIA A100-SXM4-80GB", "NVIDIA GeForce RTX 4090")
// or a catalogue name.
[[nodiscard]] Architecture architecture_of_product(std::string_view product);

} // namespace joulemark::physics
