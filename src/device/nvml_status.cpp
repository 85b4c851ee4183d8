#include "device/nvml_status.hpp"

#include "core/result.hpp"
#include "device/nvml_abi.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace joulemark::device::nvml {

namespace {

struct Status {
    Return code;
    Outcome outcome;
    std::string_view name;
    std::string_view reason;
    std::string_view fix;
};

constexpr std::string_view see_log = "Look for NVRM and Xid lines in the kernel log (dmesg).";
constexpr std::string_view try_again = "It usually works at the next try.";
constexpr std::string_view no_remedy = "This GPU or driver does not offer it.";
constexpr std::string_view newer_driver = "A newer driver may offer it.";
constexpr std::string_view report_it = "This is an error in joulemark: please report it.";

constexpr std::array<Status, 32> table{{
    {Return::success, Outcome::ok, "SUCCESS", "it worked", ""},
    {Return::uninitialized,
     Outcome::failed,
     "UNINITIALIZED",
     "NVML was shut down meanwhile",
     "Start joulemark again."},
    {Return::invalid_argument,
     Outcome::failed,
     "INVALID_ARGUMENT",
     "the driver refuses the question",
     "The handle may be of a GPU that is gone; start again."},
    {Return::not_supported, Outcome::absent, "NOT_SUPPORTED", "not supported", no_remedy},
    {Return::no_permission,
     Outcome::denied,
     "NO_PERMISSION",
     "this user may not ask",
     "Run as root, or have the administrator allow reading /dev/nvidia* (ls -l /dev/nvidia*)."},
    {Return::already_initialized,
     Outcome::failed,
     "ALREADY_INITIALIZED",
     "NVML was started already",
     report_it},
    {Return::not_found,
     Outcome::failed,
     "NOT_FOUND",
     "there is no such thing",
     "'joulemark devices' lists what is there."},
    {Return::insufficient_size,
     Outcome::failed,
     "INSUFFICIENT_SIZE",
     "the answer is longer than NVML promises",
     report_it},
    {Return::insufficient_power,
     Outcome::failed,
     "INSUFFICIENT_POWER",
     "the GPU's external power cables are not plugged in properly",
     "Check the power cables of the board."},
    {Return::driver_not_loaded,
     Outcome::failed,
     "DRIVER_NOT_LOADED",
     "the NVIDIA kernel driver is not loaded",
     "Load it ('sudo modprobe nvidia'), or install it; 'nvidia-smi' must work first."},
    {Return::timeout,
     Outcome::transient,
     "TIMEOUT",
     "the driver did not answer in time",
     try_again},
    {Return::irq_issue,
     Outcome::failed,
     "IRQ_ISSUE",
     "the kernel found an interrupt problem with this GPU",
     see_log},
    {Return::library_not_found,
     Outcome::failed,
     "LIBRARY_NOT_FOUND",
     "NVML misses another library of the driver",
     "Reinstall the driver; in a container, let the toolkit mount all of it."},
    {Return::function_not_found,
     Outcome::absent,
     "FUNCTION_NOT_FOUND",
     "the driver does not have it",
     newer_driver},
    {Return::corrupted_inforom,
     Outcome::failed,
     "CORRUPTED_INFOROM",
     "the board's information ROM is corrupt",
     "The board needs service (nvidia-smi -q)."},
    {Return::gpu_is_lost,
     Outcome::lost,
     "GPU_IS_LOST",
     "the GPU has fallen off the bus or became unreachable",
     "Look for Xid lines in the kernel log (dmesg); a reset or reboot brings it back."},
    {Return::reset_required,
     Outcome::lost,
     "RESET_REQUIRED",
     "the GPU needs a reset",
     "Stop its users and run 'sudo nvidia-smi --gpu-reset', or reboot."},
    {Return::operating_system,
     Outcome::denied,
     "OPERATING_SYSTEM",
     "the operating system or a container blocks its device node /dev/nvidiaN",
     "Give the container this GPU (docker run --gpus), or allow it in the job's device cgroup."},
    {Return::lib_rm_version_mismatch,
     Outcome::failed,
     "LIB_RM_VERSION_MISMATCH",
     "the NVML library and the loaded kernel driver are of different versions",
     "The driver was updated while loaded: reboot, or unload and load the nvidia modules. In a "
     "container, recreate it."},
    {Return::in_use,
     Outcome::transient,
     "IN_USE",
     "the GPU is busy with an exclusive operation",
     try_again},
    {Return::memory,
     Outcome::failed,
     "MEMORY",
     "the driver ran out of memory",
     "Free memory on this machine."},
    {Return::no_data, Outcome::transient, "NO_DATA", "there is no value at the moment", try_again},
    {Return::vgpu_ecc_not_supported,
     Outcome::failed,
     "VGPU_ECC_NOT_SUPPORTED",
     "not possible on a vGPU with ECC",
     ""},
    {Return::insufficient_resources,
     Outcome::failed,
     "INSUFFICIENT_RESOURCES",
     "the driver has no resources left",
     "Close other programs that watch this GPU."},
    {Return::freq_not_supported,
     Outcome::failed,
     "FREQ_NOT_SUPPORTED",
     "the GPU does not have this frequency",
     ""},
    {Return::argument_version_mismatch,
     Outcome::failed,
     "ARGUMENT_VERSION_MISMATCH",
     "the driver does not know this version of the question",
     newer_driver},
    {Return::deprecated,
     Outcome::absent,
     "DEPRECATED",
     "the driver no longer offers it",
     no_remedy},
    {Return::not_ready, Outcome::transient, "NOT_READY", "the GPU is not ready", try_again},
    {Return::gpu_not_found,
     Outcome::lost,
     "GPU_NOT_FOUND",
     "the GPU is not there any more",
     "'joulemark devices' lists what is there."},
    {Return::invalid_state,
     Outcome::failed,
     "INVALID_STATE",
     "not possible in the GPU's present state",
     ""},
    {Return::reset_type_not_supported,
     Outcome::failed,
     "RESET_TYPE_NOT_SUPPORTED",
     "not possible on this GPU",
     ""},
    {Return::unknown, Outcome::failed, "UNKNOWN", "the driver failed without saying why", see_log},
}};

const Status* find(Return code) {
    const auto* row = std::ranges::find(table, code, &Status::code);
    return row == table.end() ? nullptr : row;
}

Kind kind_of(Outcome outcome) {
    switch (outcome) {
    case Outcome::absent:
        return Kind::unsupported;
    case Outcome::lost:
        return Kind::not_found;
    case Outcome::denied:
        return Kind::permission;
    case Outcome::ok:
    case Outcome::transient:
    case Outcome::failed:
        break;
    }
    return Kind::unavailable;
}

} // namespace

Outcome outcome_of(Return code) {
    const Status* row = find(code);
    return row == nullptr ? Outcome::failed : row->outcome;
}

bool is_gone(Return code) {
    return outcome_of(code) == Outcome::lost || code == Return::invalid_argument;
}

std::string name_of(Return code) {
    const Status* row = find(code);
    const auto number = static_cast<std::int32_t>(code);
    return row == nullptr ? fmt::format("code {}", number)
                          : fmt::format("{} ({})", row->name, number);
}

Error error_of(Return code, std::string_view thing) {
    const Status* row = find(code);
    std::string message = fmt::format("{}: NVML says {}", thing, name_of(code));
    if (row != nullptr) {
        message += fmt::format(": {}.", row->reason);
        if (!row->fix.empty()) {
            message += fmt::format(" {}", row->fix);
        }
    } else {
        message += ", which this version of joulemark does not know; the driver may be newer.";
    }
    return {.kind = kind_of(outcome_of(code)), .message = std::move(message), .context = ""};
}

Error reading_error(Return code, std::string_view device) {
    Error error = error_of(code, device);
    if (is_gone(code)) {
        error.kind = Kind::not_found;
    } else if (error.kind == Kind::unsupported) {
        error.kind = Kind::unavailable;
    }
    return error;
}

} // namespace joulemark::device::nvml
