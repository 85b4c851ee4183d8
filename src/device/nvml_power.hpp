// The fast readings of an NVIDIA GPU: power, average power and energy counter, from the best source
// that this GPU and driver offer, in one driver call where they can. A PowerReader belongs to one
// thread; the rest are pure functions and questions to the driver.
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/units.hpp"
#include "device/device.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_library.hpp"
#include "physics/architecture.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace joulemark::device::nvml {

enum class PowerSource {
    none,
    instant_field, // field 186
    average_field, // field 185: mean over 1 s
    usage_call,    // nvmlDeviceGetPowerUsage: either of the two, see UsageMeaning
};
inline constexpr std::size_t power_source_count = 4;

enum class EnergySource {
    none,
    total_field,  // field 83
    scoped_field, // field 191, which knows scopes
    energy_call,  // nvmlDeviceGetTotalEnergyConsumption
};

// What nvmlDeviceGetPowerUsage returns: the present power on GA100 and everything older, the mean
// over 1 s on GA10x and everything newer (NVML documentation); driver series 530 showed the present
// power there too (arXiv 2312.02741).
enum class UsageMeaning { present, one_second_mean, unknown };

[[nodiscard]] UsageMeaning usage_meaning(physics::Architecture architecture,
                                         std::string_view driver_version);

// Where each number of a FastReading comes from on this GPU. Found once, when the device is opened.
struct PowerPlan {
    PowerSource power = PowerSource::none;
    PowerSource average = PowerSource::none;
    EnergySource energy = EnergySource::none;
    // `module`: the GPU gives no figure of its own, and what is read includes the CPU beside it.
    Scope scope = Scope::gpu;
    UsageMeaning usage = UsageMeaning::unknown;
    Return power_refused = Return::not_supported; // why there is no power, when there is none

    [[nodiscard]] bool reads_anything() const {
        return power != PowerSource::none || energy != EnergySource::none;
    }
};

// Tries every source. Never fails: what does not answer is not in the plan.
[[nodiscard]] PowerPlan probe_power(const Functions& functions, Handle handle, UsageMeaning usage);

class PowerReader {
public:
    PowerReader(const Functions& functions, const PowerPlan& plan);

    // Allocates nothing unless it fails. `name` is for the error message.
    [[nodiscard]] Result<FastReading> read(Handle handle,
                                           const Clock& clock,
                                           std::string_view name);

    // How long NVML says it took to refresh the latest values; nothing when it does not say.
    [[nodiscard]] std::optional<Nanoseconds> refresh_latency() const { return refresh_latency_; }

private:
    // What the driver said, before anybody believes it.
    struct Answers {
        std::array<FieldValue, 3> fields{};
        Return usage_status = Return::unknown;
        std::uint32_t usage_mw = 0;
        Return energy_status = Return::unknown;
        std::uint64_t energy_mj = 0;
    };

    // Power by PowerSource, as shown.
    using Shown = std::array<std::optional<Watts>, power_source_count>;

    void ask_driver(Handle handle, Answers& answers) const;
    [[nodiscard]] Return verdict(const Answers& answers) const;
    [[nodiscard]] Shown shown_by(const Answers& answers) const;
    [[nodiscard]] std::optional<Watts> believed(PowerSource source, const Shown& shown) const;
    [[nodiscard]] std::optional<Joules> counted(const Answers& answers);
    void learn(const Answers& answers, const Shown& shown);

    const Functions* functions_;
    PowerPlan plan_;
    bool calls_usage_;
    bool calls_energy_;
    std::array<FieldValue, 3> request_{}; // the batch, ready to be copied
    std::size_t request_count_ = 0;
    std::array<bool, power_source_count>
        has_shown_power_{}; // by PowerSource: anything but 0 so far
    bool counter_has_moved_ = false;
    std::optional<Nanoseconds> refresh_latency_;
};

} // namespace joulemark::device::nvml
