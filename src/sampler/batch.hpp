// Readings of one device between two drains, turned into columns. A metric that the device has
// never said is an absent column; one that it has said before is filled up with `missing_reading`.
// Belongs to the drain thread; keeps its memory from batch to batch.
#pragma once

#include "core/metric.hpp"
#include "core/trace.hpp"
#include "device/device.hpp"

#include <bitset>

namespace joulemark::sampler {

class Batch {
public:
    void add(const device::FastReading& reading);
    void add(const device::SlowReading& reading);

    // Makes all columns that exist as long as `time`. Call before `fast` and `slow` are handed out.
    void complete();
    void clear();

    [[nodiscard]] bool empty() const { return fast_.empty() && slow_.empty(); }
    [[nodiscard]] const Columns& fast() const { return fast_; }
    [[nodiscard]] const Columns& slow() const { return slow_; }

private:
    Columns fast_;
    Columns slow_;
    std::bitset<metric_count> known_; // metrics that the device has said at least once
};

} // namespace joulemark::sampler
