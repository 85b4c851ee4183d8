// Option values that carry a unit, checked while the command line is read. Pure.
#pragma once

#include "core/units.hpp"

#include <CLI/App.hpp>

#include <optional>
#include <string>

namespace joulemark::frontends {

// "10ms", "2s", "1.5m"; a number without unit is seconds.
CLI::Option* add_duration(CLI::App& app,
                          const std::string& name,
                          std::optional<Seconds>& value,
                          const std::string& help);
CLI::Option* add_watts(CLI::App& app,
                       const std::string& name,
                       std::optional<Watts>& value,
                       const std::string& help);

} // namespace joulemark::frontends
