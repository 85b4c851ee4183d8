// The script language of the fake NVML: any text is carried out or refused with a line number, and
// what was carried out can be played.
#include "fakes/nvml/script.hpp"

// The fake is a plug-in that is opened, never linked: its parser is taken in here as a source.
#include "device/nvml_abi.hpp"
#include "fakes/nvml/script.cpp"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fake_nvml::Scenario scenario;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto complaint = fake_nvml::apply_script(text, scenario)) {
        if (complaint->empty() || !scenario.gpus.empty()) {
            std::abort(); // all or none
        }
        return 0;
    }
    for (fake_nvml::Gpu& gpu : scenario.gpus) {
        gpu.power.begin(0.0, gpu.next_power.value_or(fake_nvml::Wave{}));
        double before = gpu.power.energy(-1.0);
        for (const double t : {0.0, 1e-6, 0.1, 1.0, 3600.0, 1e6}) {
            const double energy = gpu.power.energy(t);
            // Up to the rounding of a million seconds at 100 kW.
            if (!std::isfinite(energy) || energy < before - 1e-3) {
                std::abort();
            }
            before = energy;
        }
    }
    return 0;
}
