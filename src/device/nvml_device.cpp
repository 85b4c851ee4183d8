#include "device/nvml_device.hpp"

#include "core/clock.hpp"
#include "core/device_info.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "device/device.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_identity.hpp"
#include "device/nvml_library.hpp"
#include "device/nvml_power.hpp"
#include "device/nvml_ring.hpp"
#include "device/nvml_sensors.hpp"
#include "device/nvml_state.hpp"
#include "device/nvml_status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace joulemark::device {

using nvml::Handle;
using nvml::Return;

namespace {

std::string in_microseconds(Nanoseconds d) {
    return fmt::format("{:.1f} µs", static_cast<double>(d.count()) * 1e-3);
}

} // namespace

Result<std::unique_ptr<NvmlDevice>> NvmlDevice::open(std::shared_ptr<const nvml::Library> library,
                                                     Handle handle,
                                                     nvml::Identity identity,
                                                     const Clock& clock) {
    DeviceInfo& info = identity.info;
    const nvml::UsageMeaning usage =
        nvml::usage_meaning(identity.architecture, info.driver.value_or(""));
    const nvml::PowerPlan plan = nvml::probe_power(library->call(), handle, usage);
    if (!plan.reads_anything()) {
        Error error = nvml::error_of(plan.power_refused, info.name);
        error.message =
            fmt::format("{} gives neither power nor energy. {}", info.product, error.message);
        return tl::unexpected(std::move(error));
    }
    nvml::describe_sensors(plan, identity.architecture, info);
    std::unique_ptr<NvmlDevice> device(
        new NvmlDevice(std::move(library), handle, std::move(info), plan, clock));
    device->note_cost();
    return device;
}

NvmlDevice::NvmlDevice(std::shared_ptr<const nvml::Library> library,
                       Handle handle,
                       DeviceInfo info,
                       const nvml::PowerPlan& plan,
                       const Clock& clock)
    : library_(std::move(library)), handle_(handle), info_(std::move(info)), clock_(&clock),
      power_(library_->call(), plan), state_(library_->call(), info_.mig_enabled.value_or(false)),
      ring_(library_->call(), clock.now()) {}

// What one reading costs on this machine, so that a sampling interval can be chosen with open eyes.
void NvmlDevice::note_cost() {
    constexpr std::size_t most_readings = 16;
    constexpr Nanoseconds longest{std::chrono::milliseconds{20}};
    std::array<Nanoseconds, most_readings> latencies{};
    std::size_t count = 0;
    Nanoseconds refresh{0};
    const Instant begin = clock_->now();
    while (count < most_readings && clock_->now() - begin < longest) {
        const auto reading = read_fast();
        if (!reading) {
            break;
        }
        latencies[count++] = reading->latency;
        refresh = std::max(refresh, power_.refresh_latency().value_or(Nanoseconds{0}));
    }
    if (count == 0) {
        return;
    }
    const std::span sorted(latencies.data(), count);
    std::ranges::sort(sorted);
    std::string note = fmt::format("One reading takes {} (median of {}; slowest {})",
                                   in_microseconds(sorted[count / 2]),
                                   count,
                                   in_microseconds(sorted.back()));
    if (refresh > Nanoseconds{0}) {
        note +=
            fmt::format("; the driver took up to {} to refresh a value", in_microseconds(refresh));
    }
    add_note(note + ".");
}

Error NvmlDevice::lost_error() const {
    return {.kind = Kind::not_found,
            .message = fmt::format("{} ({}) was lost and has not come back. Look for Xid lines in "
                                   "the kernel log (dmesg)",
                                   info_.name,
                                   info_.product),
            .context = ""};
}

template <class T> Result<T> NvmlDevice::watched(Result<T> reading) {
    if (!reading && reading.error().kind == Kind::not_found) {
        handle_ = nullptr;
    }
    return reading;
}

Result<FastReading> NvmlDevice::read_fast() {
    if (handle_ == nullptr) {
        return tl::unexpected(lost_error());
    }
    auto reading = watched(power_.read(handle_, *clock_, info_.name));
    if (reading && (reading->power || reading->average_power)) {
        latest_power_ = reading->power ? reading->power : reading->average_power;
    }
    return reading;
}

Result<SlowReading> NvmlDevice::read_slow() {
    if (handle_ == nullptr) {
        return tl::unexpected(lost_error());
    }
    return watched(state_.read(handle_, *clock_, info_.name));
}

Result<std::vector<DriverSample>> NvmlDevice::driver_samples() {
    if (handle_ == nullptr) {
        return tl::unexpected(lost_error());
    }
    return watched(ring_.take(handle_, *clock_, latest_power_, info_.name));
}

Result<Handle> NvmlDevice::find_again() const {
    const nvml::Functions& f = library_->call();
    Handle handle = nullptr;
    Return code = Return::function_not_found;
    if (info_.uuid && f.handle_by_uuid != nullptr) {
        code = f.handle_by_uuid(info_.uuid->c_str(), &handle);
    } else if (info_.pci_bus_id && f.handle_by_pci != nullptr) {
        code = f.handle_by_pci(info_.pci_bus_id->c_str(), &handle);
    }
    if (code != Return::success) {
        Error error = nvml::error_of(code, info_.name);
        error.kind = code == Return::not_found ? Kind::not_found : error.kind;
        return tl::unexpected(std::move(error));
    }
    if (info_.uuid && nvml::uuid_of(*library_, handle) != info_.uuid) {
        return fail(Kind::not_found,
                    fmt::format("Another GPU is where {} ({}) was: put the old one back, or start "
                                "again to measure the new one",
                                info_.name,
                                info_.product));
    }
    return handle;
}

Result<void> NvmlDevice::reopen() {
    const Result<Handle> found = find_again();
    if (!found) {
        return tl::unexpected(found.error());
    }
    // The handle alone proves little: a GPU that is still lost may have one.
    if (const auto reading = power_.read(*found, *clock_, info_.name); !reading) {
        return tl::unexpected(reading.error());
    }
    handle_ = *found;
    state_ = nvml::StateReader(library_->call(), info_.mig_enabled.value_or(false));
    ring_ = nvml::SampleRing(library_->call(), clock_->now());
    return {};
}

} // namespace joulemark::device
