// Reads a recording back with fewer rows: a cascade of stages, each of which drops every second row
// and hands what it said to its neighbours. Rows that remain stand at times that were really read.
// With k = 2^stages:
//
// - gauges: the dropped reading m between a and b weighs (b - a) / 2 in the trapezoid over time; (b
// - m) / 2 of that go
//   to a and (m - a) / 2 to b, which is just what their own weights grow by. So the trapezoid
//   (energy of power) of what remains is that of the whole, to rounding, and each remaining value
//   is a time-weighted mean of its surroundings. A missing reading counts for nothing; next to one,
//   the mean is over what is there.
// - counters: the last reading up to the remaining time; where none is missing, the one taken
// exactly then.
// - bits: all that were set since the remaining row before.
//
// First and last time are kept. Memory: the rows that come out, and a few more for each stage. One
// thread at a time.
#pragma once

#include "core/trace.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace joulemark::store {

// How many stages bring `rows` down to `max_rows`; no number brings them below 2.
[[nodiscard]] unsigned stages_for(std::uint64_t rows, std::size_t max_rows);

// One stage: n rows become n / 2 + 1.
class Halving {
public:
    // Takes the next rows, times after those before, and returns what they settle.
    [[nodiscard]] Columns push(const Columns& rows);
    // The rows at the end. Call once.
    [[nodiscard]] Columns finish();

private:
    // Rows not settled yet, remaining and dropped ones in turn; the first remains and has been
    // handed out already unless the recording begins with it.
    Columns rows_;
    bool begun_ = false;
};

class Merger {
public:
    explicit Merger(unsigned stages) : stages_(stages) {}

    void push(Columns rows);
    [[nodiscard]] Columns finish();

private:
    void push_into(std::size_t stage, Columns rows);

    std::vector<Halving> stages_;
    Columns merged_;
};

} // namespace joulemark::store
