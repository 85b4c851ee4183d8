#include "sampler/wall_watch.hpp"

#include "core/clock.hpp"
#include "core/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace joulemark::sampler {

namespace {

// When the thread is interrupted between the reads, the two clocks are seen at unlike moments. Such
// a look says nothing and is repeated.
constexpr Nanoseconds widest_look = std::chrono::microseconds{200};
constexpr int looks = 4;

std::optional<Nanoseconds> wall_minus_monotonic(const Clock& clock) {
    for (int i = 0; i < looks; ++i) {
        const Instant before = clock.now();
        const std::int64_t wall = clock.unix_ns();
        const Nanoseconds width = clock.now() - before;
        if (width <= widest_look) {
            return Nanoseconds{wall - count_ns(before + width / 2)};
        }
    }
    return std::nullopt;
}

} // namespace

void WallWatch::look() {
    const std::optional<Nanoseconds> offset = wall_minus_monotonic(clock_);
    if (!offset) {
        return;
    }
    if (!first_) {
        first_ = offset;
    }
    const Nanoseconds move = *offset - *first_;
    if (std::chrono::abs(move) > std::chrono::abs(largest_)) {
        largest_ = move;
    }
}

} // namespace joulemark::sampler
