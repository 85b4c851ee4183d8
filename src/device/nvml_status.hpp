// What NVML's return codes mean for us. Pure functions over one table; every number is a valid
// code.
#pragma once

#include "core/result.hpp"
#include "device/nvml_abi.hpp"

#include <string>
#include <string_view>

namespace joulemark::device::nvml {

enum class Outcome {
    ok,
    absent,    // the GPU or driver does not offer it: feature off, remembered
    transient, // not this time: a gap in the record
    lost,      // the GPU is gone
    denied,    // somebody forbids it
    failed,    // anything else, codes of future drivers included
};

[[nodiscard]] Outcome outcome_of(Return code);

// The GPU behind a handle is gone. A handle that used to work and is refused as an argument is of a
// GPU that was removed.
[[nodiscard]] bool is_gone(Return code);

// "GPU_IS_LOST (15)"; "code 1234" for one that this version does not know.
[[nodiscard]] std::string name_of(Return code);

// An error about `thing` (a device, a file, a function) whose message gives the reason and the way
// out. Lost becomes Kind::not_found, denied Kind::permission, absent Kind::unsupported, the rest
// Kind::unavailable.
[[nodiscard]] Error error_of(Return code, std::string_view thing);

// The same for a reading of a device that was open: what is gone becomes Kind::not_found, and what
// worked before and is refused now is Kind::unavailable, not unsupported.
[[nodiscard]] Error reading_error(Return code, std::string_view device);

} // namespace joulemark::device::nvml
