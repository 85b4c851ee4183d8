#include "physics/thermal.hpp"

#include "core/units.hpp"

#include <cassert>
#include <cmath>
#include <cstddef>
#include <span>

namespace joulemark::physics {

ThermalParameters thermal_parameters_for(Watts tdp) {
    ThermalParameters out;
    out.own = Kelvins{45.0} / tdp;
    out.neighbour = Kelvins{1.4} / tdp;
    return out;
}

ThermalModel::ThermalModel(const ThermalParameters& parameters, std::size_t gpus)
    : parameters_(parameters), temperature_(gpus, parameters.ambient) {
    for (std::size_t places = 0; places < gpus; ++places) {
        by_distance_.push_back(places == 0 ? parameters.own
                                           : parameters.neighbour *
                                                 std::exp2(1.0 - static_cast<double>(places)));
    }
}

KelvinsPerWatt ThermalModel::coupling(std::size_t heated, std::size_t heater) const {
    return by_distance_[heated > heater ? heated - heater : heater - heated];
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
