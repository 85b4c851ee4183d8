// `devices` and `doctor` for people. Pure functions; the text ends with a newline.
#pragma once

#include "core/inventory.hpp"
#include "report/text_style.hpp"

#include <string>

namespace joulemark::report {

[[nodiscard]] std::string devices_text(const Inventory& inventory, const TextStyle& style);
[[nodiscard]] std::string doctor_text(const Diagnosis& diagnosis, const TextStyle& style);

} // namespace joulemark::report
