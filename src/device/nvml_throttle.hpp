// Why an NVIDIA GPU holds its clocks down, in joulemark's bits. NVML's reason bits are of the
// moment; its nanosecond counters also tell what happened between two looks.
#pragma once

#include "device/nvml_abi.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace joulemark::device::nvml {

// nvmlDeviceGetCurrentClocksEventReasons as bits of core/throttle.hpp. Reasons that we do not know
// become `other`.
[[nodiscard]] std::uint32_t throttle_bits(std::uint64_t reasons);

inline constexpr std::array throttle_fields{field::throttled_by_power,
                                            field::throttled_by_heat,
                                            field::throttled_by_board_limit,
                                            field::throttled_by_low_utilisation,
                                            field::throttled_by_reliability,
                                            field::throttled_by_software_heat,
                                            field::throttled_by_hardware_heat,
                                            field::throttled_by_power_brake};

// Remembers the counters of one GPU. Belongs to one thread.
class ThrottleCounters {
public:
    // Bits of the counters among `fields` that moved since the previous call; nothing when none of
    // them has been seen before. A counter that went back (driver reload) is where counting begins
    // again.
    [[nodiscard]] std::optional<std::uint32_t> moved(std::span<const FieldValue> fields);

private:
    std::array<std::optional<std::uint64_t>, throttle_fields.size()> last_ns_{};
};

} // namespace joulemark::device::nvml
