// `devices`, `doctor` and failures as JSON documents: schemas "joulemark-devices/1",
// "joulemark-doctor/1", "joulemark-error/1" (data/schemas/). Pure.
#pragma once

#include "core/inventory.hpp"
#include "core/result.hpp"

#include <string>

namespace joulemark::report {

[[nodiscard]] std::string devices_document(const Inventory& inventory);
[[nodiscard]] std::string doctor_document(const Diagnosis& diagnosis);
[[nodiscard]] std::string error_document(const Error& error);

} // namespace joulemark::report
