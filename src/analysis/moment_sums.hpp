// The one-pass kernel under `power_moments`: sums of power over time while the readings stream by.
//
// Intervals are taken in blocks; within a block the sums run in four independent lanes that the
// compiler turns into vectors, and block results are added with compensation (Neumaier). A block
// that holds a reading which failed (its sum is then not finite) is done again one by one.
#pragma once

#include "core/time.hpp"

#include <limits>
#include <span>

namespace joulemark::analysis {

class MomentSums {
public:
    // Sums are of (p - level): choose a level near the mean.
    explicit MomentSums(double level) : level_(level) {}

    // A straight line of power from one moment to a later or equal one.
    void add_line(Instant from, double from_watts, Instant to, double to_watts);
    // Readings joined by straight lines; the first and the last must be good. At least one.
    void add_readings(std::span<const Instant> time, std::span<const double> watts);

    [[nodiscard]] double first() const { return first_.value(); }   // sum (p - level) dt, W s
    [[nodiscard]] double second() const { return second_.value(); } // sum (p - level)^2 dt, W^2 s
    [[nodiscard]] double lowest() const { return lowest_; }
    [[nodiscard]] double highest() const { return highest_; }
    [[nodiscard]] Instant time_of_highest() const { return time_of_highest_; }

private:
    // A sum that carries what rounding lost.
    class Compensated {
    public:
        void add(double x);
        [[nodiscard]] double value() const { return sum_ + lost_; }

    private:
        double sum_ = 0.0;
        double lost_ = 0.0;
    };

    void note(Instant time, double watts);
    void add_one_by_one(std::span<const Instant> time, std::span<const double> watts);

    double level_;
    Compensated first_;
    Compensated second_;
    double lowest_ = std::numeric_limits<double>::infinity();
    double highest_ = -std::numeric_limits<double>::infinity();
    Instant time_of_highest_;
};

} // namespace joulemark::analysis
