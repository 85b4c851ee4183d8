// What can be measured on a machine and what stands in the way: the results of `devices` and
// `doctor`. Plain values.
#pragma once

#include "core/device_info.hpp"
#include "core/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark {

// One power source that is there, readable or not.
struct Listing {
    DeviceInfo info;
    std::optional<Error> problem; // why it cannot be measured
};

// What one back-end found.
struct BackendReport {
    std::string backend;
    bool usable = false;
    std::string finding; // one sentence: what was found
    std::string mend;    // one sentence: what to do about it; empty when nothing is wrong
};

struct Inventory {
    std::vector<Listing> devices;
    std::vector<BackendReport> backends;
};

enum class Health { good, limited, bad };

[[nodiscard]] std::string_view to_string(Health health);

struct Check {
    std::string name; // "nvml", "store", "timer", "clock" ...
    Health health = Health::good;
    std::string finding; // one sentence
    std::string mend;    // one sentence; empty when good
};

struct Diagnosis {
    std::vector<Check> checks;
    Inventory inventory;
    bool can_measure = false; // at least one real device can be read
};

} // namespace joulemark
