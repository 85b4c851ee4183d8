#include "device/hwmon_device.hpp"

#include "core/clock.hpp"
#include "core/device_info.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/units.hpp"
#include "device/device.hpp"
#include "device/hwmon_meters.hpp"
#include "device/machine.hpp"
#include "device/registry.hpp"
#include "device/rolling_counter.hpp"
#include "device/sysfs.hpp"

#include <fmt/format.h>
#include <tl/expected.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace joulemark::device {

namespace {

// What no single device draws: a larger number is an error code of the driver in disguise.
constexpr Watts implausible_power = 100'000_W;

// i915 and xe: a 32-bit register of 2^-14 J steps (Linux xe_hwmon.c) at 1 kW.
RollingLimits limits_of(const HwmonMeter& meter) {
    RollingLimits limits;
    if (meter.narrow_register) {
        limits.longest_pause = Joules{262'144.0} / 1000_W;
    }
    return limits;
}

// An attribute of the device that may not be there.
class OptionalFile {
public:
    static OptionalFile open(const std::string& path) {
        OptionalFile file;
        if (path.empty()) {
            return file;
        }
        auto opened = SysfsFile::open(path);
        if (opened) {
            file.file_ = std::move(*opened);
        } else {
            file.error_ = std::move(opened.error());
        }
        return file;
    }

    // The number times `unit`; nothing when there is no such file or it fails, which `worst` then
    // remembers.
    std::optional<double> read(double unit, std::optional<Error>* worst = nullptr) const {
        if (!file_) {
            if (error_) {
                remember(*error_, worst);
            }
            return std::nullopt;
        }
        const auto number = file_->read_number();
        if (number) {
            return static_cast<double>(*number) * unit;
        }
        remember(number.error(), worst);
        return std::nullopt;
    }

private:
    // A lost device outranks everything: only then does the caller look for it again.
    static void remember(const Error& error, std::optional<Error>* worst) {
        if (worst != nullptr && (!*worst || error.kind == Kind::not_found)) {
            *worst = error;
        }
    }

    std::optional<SysfsFile> file_;
    std::optional<Error> error_;
};

template <class Q> std::optional<Q> as(std::optional<double> si_value) {
    if (!si_value) {
        return std::nullopt;
    }
    return Q{*si_value};
}

class HwmonDevice final : public Device {
public:
    HwmonDevice(HwmonMeter meter, std::string sysfs_root, Clock& clock)
        : meter_(std::move(meter)), sysfs_root_(std::move(sysfs_root)), clock_(clock),
          counter_(limits_of(meter_)) {
        open_files();
    }

    [[nodiscard]] const DeviceInfo& info() const override { return meter_.info; }
    [[nodiscard]] Result<FastReading> read_fast() override;
    [[nodiscard]] Result<SlowReading> read_slow() override;
    [[nodiscard]] Result<void> reopen() override;

private:
    void open_files();

    HwmonMeter meter_;
    std::string sysfs_root_;
    Clock& clock_;
    RollingCounter counter_;
    OptionalFile power_;
    OptionalFile average_power_;
    OptionalFile energy_;
    OptionalFile temperature_;
    OptionalFile memory_temperature_;
    OptionalFile core_clock_;
    OptionalFile memory_clock_;
    OptionalFile power_limit_;
    OptionalFile utilisation_;
    OptionalFile memory_utilisation_;
    OptionalFile memory_used_;
};

void HwmonDevice::open_files() {
    const HwmonFiles& files = meter_.files;
    power_ = OptionalFile::open(files.power);
    average_power_ = OptionalFile::open(files.average_power);
    energy_ = OptionalFile::open(files.energy);
    temperature_ = OptionalFile::open(files.temperature);
    memory_temperature_ = OptionalFile::open(files.memory_temperature);
    core_clock_ = OptionalFile::open(files.core_clock);
    memory_clock_ = OptionalFile::open(files.memory_clock);
    power_limit_ = OptionalFile::open(files.power_limit);
    utilisation_ = OptionalFile::open(files.utilisation);
    memory_utilisation_ = OptionalFile::open(files.memory_utilisation);
    memory_used_ = OptionalFile::open(files.memory_used);
}

std::optional<Watts> plausible(std::optional<double> watts) {
    if (!watts || *watts < 0.0 || *watts > implausible_power.value()) {
        return std::nullopt;
    }
    return Watts{*watts};
}

Result<FastReading> HwmonDevice::read_fast() {
    std::optional<Error> worst;
    const Instant before = clock_.now();
    FastReading reading;
    reading.power = plausible(power_.read(1e-6, &worst));
    reading.average_power = plausible(average_power_.read(1e-6, &worst));
    const auto joules = energy_.read(1e-6, &worst);
    const Instant after = clock_.now();
    reading.time = before + (after - before) / 2;
    reading.latency = after - before;
    if (joules && *joules >= 0.0) {
        reading.energy_counter = counter_.follow(Joules{*joules}, reading.time);
    }

    if (reading.power || reading.average_power || reading.energy_counter) {
        return reading;
    }
    if (!worst) {
        return fail(
            Kind::unavailable, "the driver reports a power that no device draws", meter_.info.name);
    }
    // Nonsense instead of a number may be a number next time; the other kinds speak for themselves.
    if (worst->kind == Kind::parse || worst->kind == Kind::io) {
        worst->kind = Kind::unavailable;
    }
    return fail_in(meter_.info.name, *worst);
}

Result<SlowReading> HwmonDevice::read_slow() {
    SlowReading reading;
    reading.time = clock_.now();
    reading.temperature = as<Celsius>(temperature_.read(1e-3));
    reading.memory_temperature = as<Celsius>(memory_temperature_.read(1e-3));
    reading.utilisation = utilisation_.read(1e-2);
    reading.memory_utilisation = memory_utilisation_.read(1e-2);
    reading.memory_used = as<Bytes>(memory_used_.read(1.0));
    reading.sm_clock = as<Hertz>(core_clock_.read(1.0));
    reading.memory_clock = as<Hertz>(memory_clock_.read(1.0));
    reading.power_limit = as<Watts>(power_limit_.read(1e-6));
    return reading;
}

Result<void> HwmonDevice::reopen() {
    for (HwmonMeter& found : find_hwmon_meters(sysfs_root_).meters) {
        if (found.identity != meter_.identity) {
            continue;
        }
        if (found.problem) {
            return fail_in(meter_.info.name, *found.problem);
        }
        meter_.files = std::move(found.files);
        open_files();
        counter_.start_over();
        return {};
    }
    return fail(Kind::not_found,
                fmt::format("the {} driver no longer shows this device", meter_.chip),
                meter_.info.name);
}

BackendReport report_on(const HwmonSurvey& survey, const Machine& machine) {
    BackendReport report;
    report.backend = "hwmon";
    std::vector<std::string> names;
    std::string problem;
    for (const HwmonMeter& meter : survey.meters) {
        if (meter.problem) {
            problem = meter.problem->message;
        } else {
            names.push_back(meter.info.name);
        }
    }
    report.usable = !names.empty();
    if (report.usable) {
        report.finding = fmt::format("{} power or energy sensor{}: {}",
                                     names.size(),
                                     names.size() == 1 ? "" : "s",
                                     fmt::join(names, ", "));
        return report;
    }
    if (!problem.empty()) {
        report.finding = "sensors are there, and none can be read: " + problem;
        report.mend = "Run as a user who may read the file, or see docs/howto/hwmon-and-rapl.md.";
        return report;
    }
    report.finding = survey.class_exists
                         ? fmt::format("none of the {} hwmon chips measures power or energy",
                                       survey.other_chips.size())
                         : "the kernel shows no hwmon sensors";
    report.mend = machine.virtual_machine ? "This is a virtual machine, which does not see the "
                                            "sensors of its host: measure on the host."
                                          : "An AMD GPU needs the amdgpu driver, a discrete Intel "
                                            "GPU i915 (Linux 6.2) or xe (Linux 6.7).";
    return report;
}

} // namespace

Result<std::unique_ptr<Device>> open_hwmon_meter(const HwmonMeter& meter,
                                                 const std::string& sysfs_root,
                                                 Clock& clock) {
    if (meter.problem) {
        return fail_in(meter.info.name, *meter.problem);
    }
    return std::make_unique<HwmonDevice>(meter, sysfs_root, clock);
}

Result<std::vector<std::unique_ptr<Device>>> open_hwmon(std::string_view selector,
                                                        const Surroundings& where) {
    std::vector<std::unique_ptr<Device>> devices;
    for (const HwmonMeter& meter : find_hwmon_meters(where.sysfs_root).meters) {
        if (!is_meant(meter, selector)) {
            continue;
        }
        auto device = open_hwmon_meter(meter, where.sysfs_root, *where.clock);
        if (!device) {
            return tl::unexpected(device.error());
        }
        devices.push_back(std::move(*device));
    }
    if (devices.empty()) {
        return fail(Kind::not_found, "no hwmon sensor of power or energy has this name");
    }
    return devices;
}

void survey_hwmon(const Surroundings& where, Inventory& inventory) {
    const HwmonSurvey survey = find_hwmon_meters(where.sysfs_root);
    for (const HwmonMeter& meter : survey.meters) {
        inventory.devices.push_back({meter.info, meter.problem});
    }
    inventory.backends.push_back(report_on(survey, look_at_machine(where.sysfs_root)));
}

} // namespace joulemark::device
