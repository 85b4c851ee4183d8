// Whether the rows of a log without an index column come from one GPU or from several: nvidia-smi
// writes one row for each GPU, a few milliseconds apart, and then waits. Pure functions of times
// and power.
#pragma once

#include "core/time.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace joulemark::device {

enum class Interleaving {
    one,     // evenly spaced rows
    several, // bursts of one length, again and again
    unclear, // bursts of changing length, or rows too close to see a pause
};

struct BurstFinding {
    Interleaving verdict = Interleaving::one;
    std::size_t rows_per_burst = 1; // the most frequent length
    std::size_t bursts = 0;
    std::size_t bursts_of_that_length = 0;
    Nanoseconds within{0};      // median spacing inside a burst
    Nanoseconds between{0};     // median pause between bursts
    Nanoseconds threshold{0};   // a longer wait ends a burst; 0 when no pause stands out
    bool whole_seconds = false; // no time has a fraction: equal times may be cut-off ones

    // "3 rows at a time, about 4 ms apart, then a pause of about 104 ms (6263 of 6270 bursts)"
    [[nodiscard]] std::string describe() const;
};

// `power` is as long as `times`, which are in the order of the file; NaN where a row has none.
[[nodiscard]] BurstFinding find_bursts(std::span<const Instant> times,
                                       std::span<const double> power);

// Rows [first, first + count).
struct Burst {
    std::size_t first = 0;
    std::size_t count = 0;
};

// Also ends a burst where time goes backwards.
[[nodiscard]] std::vector<Burst> bursts_of(std::span<const Instant> times, Nanoseconds threshold);

} // namespace joulemark::device
