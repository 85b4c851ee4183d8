// The slow readings of an NVIDIA GPU: temperatures, utilisation, memory, clocks, limit, throttling.
// Belongs to one thread.
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/units.hpp"
#include "device/device.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_library.hpp"
#include "device/nvml_throttle.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace joulemark::device::nvml {

class StateReader {
public:
    // Utilisation is not defined while MIG is on.
    StateReader(const Functions& functions, bool mig_enabled);

    // What fails or is not offered is absent in the reading; what was not offered once is not asked
    // for again. An error only when the GPU is gone. `name` is for its message.
    [[nodiscard]] Result<SlowReading> read(Handle handle,
                                           const Clock& clock,
                                           std::string_view name);

private:
    enum class Question {
        temperature_v,
        temperature,
        utilisation,
        memory_v2,
        memory,
        sm_clock,
        memory_clock,
        power_limit,
        clock_event_reasons,
    };
    static constexpr std::size_t question_count = 9;

    // Calls `function` if the GPU may offer it; true when it answered.
    template <class... Parameters, class... Arguments>
    bool ask_for(Question question,
                 Return (*function)(Handle, Parameters...),
                 Handle handle,
                 Arguments... arguments);

    void read_temperature(Handle handle, SlowReading& reading);
    void read_utilisation(Handle handle, SlowReading& reading);
    void read_memory(Handle handle, SlowReading& reading);
    [[nodiscard]] std::optional<Hertz> read_clock(Question question,
                                                  Handle handle,
                                                  std::int32_t domain);
    void read_power_limit(Handle handle, SlowReading& reading);
    void read_fields_and_throttling(Handle handle, SlowReading& reading);

    const Functions* functions_;
    std::array<bool, question_count> not_offered_{};
    Return gone_ = Return::success; // why the GPU is gone, within one reading
    std::vector<FieldValue> request_;
    std::vector<FieldValue> answers_;
    ThrottleCounters counters_;
};

} // namespace joulemark::device::nvml
