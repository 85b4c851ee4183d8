// Notices when the wall clock moves against the monotonic one (NTP step, suspend, a person): the
// recording's times do not suffer, but whoever compares them with wall-clock logs has to know.
// Belongs to one thread.
#pragma once

#include "core/clock.hpp"
#include "core/time.hpp"

#include <optional>

namespace joulemark::sampler {

class WallWatch {
public:
    explicit WallWatch(Clock& clock) : clock_(clock) { look(); }

    // Compares the clocks once more.
    void look();
    // The move with the largest size since the first look, with its sign.
    [[nodiscard]] Nanoseconds largest_move() const { return largest_; }

private:
    Clock& clock_;
    std::optional<Nanoseconds> first_; // wall minus monotonic
    Nanoseconds largest_{0};
};

} // namespace joulemark::sampler
