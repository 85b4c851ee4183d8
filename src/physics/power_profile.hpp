// A true electrical power over all time, with exact integrals: the ground truth that sensors
// distort and tests compare with. Immutable but for `change`; const members may be called from
// several threads at once.
//
//     PowerProfile truth(square(150_W, 600_W, 500ms));
//     Joules energy = truth.energy(begin, end);
#pragma once

#include "core/time.hpp"
#include "physics/activity.hpp"
#include "physics/curve.hpp"

#include <vector>

namespace joulemark::physics {

class PowerProfile {
public:
    // The curve's time zero is `start`; before it the curve is continued backwards.
    explicit PowerProfile(PowerCurve curve, Instant start = {});

    // From `at` on, `curve` is played from its beginning. Times of changes do not decrease.
    void change(Instant at, PowerCurve curve);

    // At a jump, the power after it.
    [[nodiscard]] Watts power_at(Instant t) const;

    // The exact integral, to rounding; negative when `to` is before `from`. O(log knots + log
    // changes) for any distance: whole periods are counted, not walked.
    [[nodiscard]] Joules energy(Instant from, Instant to) const;
    [[nodiscard]] Joules energy(Window w) const { return energy(w.begin, w.end); }

    // energy / time; the power itself for an empty window.
    [[nodiscard]] Watts mean(Instant from, Instant to) const;

private:
    struct Piece {
        Instant start;
        PowerCurve curve;
        std::vector<double> joules_at_knot; // since time zero of the curve
        double joules_per_period = 0.0;
        double joules_before = 0.0; // of earlier pieces, since the first change

        Piece(Instant begin, PowerCurve shape);
        [[nodiscard]] double joules(Nanoseconds from, Nanoseconds to) const;
        [[nodiscard]] double joules_since_zero(Nanoseconds t) const;
    };
    [[nodiscard]] std::size_t piece_at(Instant t) const;
    [[nodiscard]] Joules forward_energy(Instant from, Instant to) const;

    std::vector<Piece> pieces_;
};

// The power that a load takes. Exact: a knot is added wherever a slope meets the cap.
[[nodiscard]] PowerCurve electrical_power(const LoadCurve& load, const PowerModel& model);

} // namespace joulemark::physics
