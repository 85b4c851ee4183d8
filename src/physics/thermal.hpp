// Temperatures of GPUs that share the air of one machine: first order, heated by their own power
// and by their neighbours'. Values; one thread at a time.
//
//     T_i' = (ambient + sum_j R_ij P_j - T_i) / tau
#pragma once

#include "core/time.hpp"
#include "core/units.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace joulemark::physics {

struct ThermalParameters {
    Celsius ambient{30.0};
    KelvinsPerWatt own; // die above ambient for each watt of its own
    KelvinsPerWatt
        neighbour; // for each watt of the GPU beside it, halved with each place further away
    Seconds time_constant{15.0};
};

// Assumed: at its TDP a GPU settles 45 K above ambient, and warms the one beside it by 1.4 K.
[[nodiscard]] ThermalParameters thermal_parameters_for(Watts tdp);

class ThermalModel {
public:
    // All start at ambient temperature.
    ThermalModel(const ThermalParameters& parameters, std::size_t gpus);

    // Exact for powers that are constant over the step. One power for each GPU.
    void advance(Seconds step, std::span<const Watts> power);
    // All at their steady temperature at once, as after a long time under constant power.
    void settle(std::span<const Watts> power);

    [[nodiscard]] Celsius temperature(std::size_t gpu) const { return temperature_[gpu]; }
    // Where the temperature ends under constant power.
    [[nodiscard]] Celsius steady_temperature(std::size_t gpu, std::span<const Watts> power) const;
    // R of the equation above.
    [[nodiscard]] KelvinsPerWatt coupling(std::size_t heated, std::size_t heater) const;
    [[nodiscard]] Seconds time_constant() const { return parameters_.time_constant; }

private:
    ThermalParameters parameters_;
    std::vector<KelvinsPerWatt> by_distance_;
    std::vector<Celsius> temperature_;
};

} // namespace joulemark::physics
