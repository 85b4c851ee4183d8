#include "physics/thermal.hpp"

#include <cassert>
#include <cmath>

namespace joulemark::physics {

ThermalModel::ThermalModel(const ThermalParameters& parameters, std::size_t gpus)
    : parameters_(parameters), temperature_(gpus, parameters.ambient) {}

KelvinsPerWatt ThermalModel::coupling(std::size_t heated, std::size_t heater) const {
    if (heated == heater) {
        return parameters_.own;
    }
    const std::size_t places = heated > heater ? heated - heater : heater - heated;
    return parameters_.neighbour * std::exp2(1.0 - static_cast<double>(places));
}

Celsius ThermalModel::steady_temperature(std::size_t gpu, std::span<const Watts> power) const {
    assert(power.size() == temperature_.size());
    Celsius out = parameters_.ambient;
    for (std::size_t j = 0; j < power.size(); ++j) {
        out = out + coupling(gpu, j) * power[j];
    }
    return out;
}

// T(t + dt) = T_steady + (T(t) - T_steady) exp(-dt / tau)
void ThermalModel::advance(Seconds step, std::span<const Watts> power) {
    const double remaining = std::exp(-(step / parameters_.time_constant));
    for (std::size_t i = 0; i < temperature_.size(); ++i) {
        const Celsius steady = steady_temperature(i, power);
        temperature_[i] = steady + (temperature_[i] - steady) * remaining;
    }
}

void ThermalModel::settle(std::span<const Watts> power) {
    for (std::size_t i = 0; i < temperature_.size(); ++i) {
        temperature_[i] = steady_temperature(i, power);
    }
}

} // namespace joulemark::physics
