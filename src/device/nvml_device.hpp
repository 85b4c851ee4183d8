// One NVIDIA GPU, read through NVML. Keeps the library open for as long as it lives.
// Like every Device it belongs to one thread at a time; several GPUs may be read from several
// threads at once.
#pragma once

#include "core/clock.hpp"
#include "core/device_info.hpp"
#include "core/result.hpp"
#include "core/units.hpp"
#include "device/device.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_identity.hpp"
#include "device/nvml_library.hpp"
#include "device/nvml_power.hpp"
#include "device/nvml_ring.hpp"
#include "device/nvml_state.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace joulemark::device {

class NvmlDevice final : public Device {
public:
    // `handle` is of a whole GPU. Kind::unsupported when it gives neither power nor energy,
    // Kind::permission when it may not be asked. The clock outlives the device.
    [[nodiscard]] static Result<std::unique_ptr<NvmlDevice>> open(
        std::shared_ptr<const nvml::Library> library,
        nvml::Handle handle,
        nvml::Identity identity,
        const Clock& clock);

    [[nodiscard]] const DeviceInfo& info() const override { return info_; }
    [[nodiscard]] Result<FastReading> read_fast() override;
    [[nodiscard]] Result<SlowReading> read_slow() override;
    // By UUID, or by PCI id where there is none: never by the old handle or index, which may be of
    // another GPU now.
    [[nodiscard]] Result<void> reopen() override;
    [[nodiscard]] Result<std::vector<DriverSample>> driver_samples() override;

    [[nodiscard]] const nvml::SampleRing::Statistics& ring_statistics() const {
        return ring_.statistics();
    }
    void add_note(std::string note) { info_.notes.push_back(std::move(note)); }

private:
    NvmlDevice(std::shared_ptr<const nvml::Library> library,
               nvml::Handle handle,
               DeviceInfo info,
               const nvml::PowerPlan& plan,
               const Clock& clock);

    [[nodiscard]] Error lost_error() const;
    [[nodiscard]] Result<nvml::Handle> find_again() const;
    // Takes note of a loss, so that the stale handle is not used again.
    template <class T> Result<T> watched(Result<T> reading);
    void note_cost();

    std::shared_ptr<const nvml::Library> library_;
    nvml::Handle handle_; // null while the GPU is lost
    DeviceInfo info_;
    const Clock* clock_;
    nvml::PowerReader power_;
    nvml::StateReader state_;
    nvml::SampleRing ring_;
    std::optional<Watts> latest_power_;
};

} // namespace joulemark::device
