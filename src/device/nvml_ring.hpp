// The power samples that the NVIDIA driver takes by itself and keeps in a ring
// (nvmlDeviceGetSamples): fetched once each, on our time line. Belongs to one thread.
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/units.hpp"
#include "device/device.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_library.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace joulemark::device::nvml {

class SampleRing {
public:
    // Samples from before `since` are not handed out.
    SampleRing(const Functions& functions, Instant since);

    // Samples since the last call, times strictly increasing; empty when there are none, when the
    // GPU has no ring, and when the wall clock, which stamps them, was set in the meantime.
    // `power_now` is used once, to see that the ring speaks of milliwatts: the documentation does
    // not say. An error when the GPU is gone or reading is forbidden.
    [[nodiscard]] Result<std::vector<DriverSample>> take(Handle handle,
                                                         const Clock& clock,
                                                         std::optional<Watts> power_now,
                                                         std::string_view name);

    struct Statistics {
        std::uint64_t dropped =
            0; // stamps that repeat, go back or lie in the future; values without meaning
        std::uint64_t overruns = 0; // times that the ring had lost samples before we came
        friend bool operator==(const Statistics&, const Statistics&) = default;
    };
    [[nodiscard]] const Statistics& statistics() const { return statistics_; }
    [[nodiscard]] bool offered() const { return offered_; }

private:
    enum class TimeLine { unknown, wall, monotonic };

    // Fills `buffer_` with what the driver has; the code of the call.
    [[nodiscard]] Return fetch(Handle handle);
    void recognise_time_line(const WallAnchor& anchor);
    [[nodiscard]] Instant time_of(const Sample& sample, const WallAnchor& anchor) const;
    void look_for_overrun();
    [[nodiscard]] bool speaks_of_milliwatts(std::optional<Watts> power_now,
                                            const std::vector<DriverSample>& samples);
    [[nodiscard]] std::vector<DriverSample> accept(const WallAnchor& anchor);
    // Everything up to now counts as seen.
    void skip_to(const WallAnchor& anchor);

    const Functions* functions_;
    Instant last_time_;
    std::optional<WallAnchor> last_anchor_;
    TimeLine line_ = TimeLine::unknown;
    std::uint64_t last_seen_us_ = 0; // the driver's stamp of the newest sample taken
    std::uint32_t capacity_ = 0;
    std::vector<Sample> buffer_;
    ValueType type_ = ValueType::float64;
    bool offered_ = true;
    bool unit_checked_ = false;
    Statistics statistics_;
};

} // namespace joulemark::device::nvml
