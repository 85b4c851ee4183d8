// The readers of the single power log formats, for power_log.cpp, which knows them apart.
#pragma once

#include "core/result.hpp"
#include "device/csv_scanner.hpp"
#include "device/power_log.hpp"

#include <string_view>

namespace joulemark::device {

// Each reads `lines` from the very beginning. Errors carry no context: the caller knows the name of
// the log.
[[nodiscard]] Result<PowerLog> read_nvidia_smi(LineReader& lines, const PowerLogOptions& options);
[[nodiscard]] Result<PowerLog> read_dcgm_dmon(LineReader& lines, const PowerLogOptions& options);
[[nodiscard]] Result<PowerLog> read_zeus(LineReader& lines, const PowerLogOptions& options);
[[nodiscard]] Result<PowerLog> read_joulemark(LineReader& lines, const PowerLogOptions& options);

// Whether the first line with something in it is of the format.
[[nodiscard]] bool begins_nvidia_smi(std::string_view line);
[[nodiscard]] bool begins_dcgm_dmon(std::string_view line);
[[nodiscard]] bool begins_zeus(std::string_view line);
[[nodiscard]] bool begins_joulemark(std::string_view line);

} // namespace joulemark::device
