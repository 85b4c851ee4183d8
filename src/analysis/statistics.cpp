#include "analysis/statistics.hpp"

#include "analysis/autocorrelation.hpp"
#include "analysis/quantiles.hpp"

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/students_t.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace joulemark::analysis {

namespace {

constexpr double upper_tail = 0.975; // of a 95 % interval
constexpr std::size_t most_updates = std::size_t{1} << 17;

// The readings at even steps, as wide as the sensor's refresh: each step holds the reading that was
// newest at its middle, so that one seen twice counts once and none is averaged with its neighbour.
struct Updates {
    Seconds step;
    std::vector<double> watts;
    std::vector<std::uint8_t> valid; // 0 inside a gap

    [[nodiscard]] double length() const { return step.value() * static_cast<double>(watts.size()); }
};

std::optional<Updates> independent_updates(const PowerView& view,
                                           Window window,
                                           const SensorLimits& sensor) {
    const auto covered = covered_window(view, window);
    const auto interval = median_interval(view);
    if (!covered || !interval) {
        return std::nullopt;
    }
    const auto period = sensor.update_period ? sensor.update_period : observed_update_period(view);
    const Seconds length = to_seconds(covered->length());
    const Seconds step = std::max(
        {*interval, period.value_or(*interval), length / static_cast<double>(most_updates)});
    const auto count = static_cast<std::size_t>(length / step * (1.0 + 1e-12));
    Updates updates{step, std::vector<double>(count), std::vector<std::uint8_t>(count, 1)};
    const std::vector<Window> gaps = gaps_within(view.gaps, *covered);
    auto gap = gaps.begin();
    std::size_t next = 0; // the first reading after the middle of the step
    double newest = std::numeric_limits<double>::quiet_NaN();
    for (std::size_t k = 0; k < count; ++k) {
        const Instant middle =
            covered->begin + to_nanoseconds(step * (static_cast<double>(k) + 0.5));
        for (; next < view.time.size() && view.time[next] <= middle; ++next) {
            newest = is_reading(view.power_watts[next]) ? view.power_watts[next] : newest;
        }
        while (gap != gaps.end() && gap->end <= middle) {
            ++gap;
        }
        const bool in_gap = gap != gaps.end() && gap->begin <= middle;
        updates.watts[k] = newest;
        updates.valid[k] = !in_gap && is_reading(newest) ? 1 : 0;
    }
    return updates;
}

// Each value's pull on the CV, (x - m)^2 - s^2 over 2 s m, less s (x - m) / m^2: the CV of the
// series varies as the mean of this one does.
std::vector<double> influence_on_cv(std::span<const double> watts, double mean, double stdev) {
    std::vector<double> influence;
    influence.reserve(watts.size());
    for (const double p : watts) {
        const double d = p - mean;
        influence.push_back((d * d - stdev * stdev) / (2.0 * stdev * mean) -
                            stdev * d / (mean * mean));
    }
    return influence;
}

// Relative variance of the CV: of what the readings themselves show and of what a Gaussian series
// with their correlation has, the larger. The last factor is for tau being estimated from the same
// readings; simulation on AR(1) series gives it (tests/analysis/statistics_test.cpp).
double relative_variance_of_cv(const Updates& updates, const Autocorrelation& power, double mean) {
    const double stdev = std::sqrt(power.variance);
    const double cv = stdev / mean;
    const double gaussian =
        0.5 / power.effective_variance_samples + cv * cv / power.effective_samples;
    const auto influence =
        autocorrelation(influence_on_cv(updates.watts, mean, stdev), updates.step, updates.valid);
    const double shown =
        influence ? influence->long_run_variance / (updates.length() * cv * cv) : 0.0;
    return std::max(gaussian, shown) * (1.0 + 4.0 / power.effective_samples);
}

// The standard deviation of nu Gaussian readings is that of a chi distribution; nu is chosen so
// that its relative variance 1/(2 nu) is the one given.
Interval<double> cv_interval(double cv, double relative_variance) {
    const double nu = std::max(0.5 / relative_variance, 1.0);
    const boost::math::chi_squared chi{nu};
    return {cv * std::sqrt(nu / boost::math::quantile(chi, upper_tail)),
            cv * std::sqrt(nu / boost::math::quantile(chi, 1.0 - upper_tail))};
}

// Half the degrees of freedom, because the correlation is estimated too.
Interval<Watts> mean_interval(Watts mean, double variance, double effective_samples) {
    const boost::math::students_t t{std::max(0.5 * (effective_samples - 1.0), 1.0)};
    const Watts half{boost::math::quantile(t, upper_tail) *
                     std::sqrt(variance / effective_samples)};
    return {mean >= Watts{0.0} ? std::max(mean - half, Watts{0.0}) : mean - half, mean + half};
}

Percentiles percentiles(const PowerView& view, Window window) {
    const auto q = power_quantiles(view, window, std::array{0.01, 0.05, 0.5, 0.95, 0.99});
    return {q[0], q[1], q[2], q[3], q[4]};
}

// The readings from the last one before the window to the first one after it.
PowerView around(const PowerView& view, Window window) {
    const auto begin = std::ranges::lower_bound(view.time, window.begin) - view.time.begin();
    const auto end = std::ranges::upper_bound(view.time, window.end) - view.time.begin();
    const auto first = static_cast<std::size_t>(std::max<std::ptrdiff_t>(begin - 1, 0));
    const auto count = std::min(static_cast<std::size_t>(end) + 1, view.time.size()) - first;
    return {view.time.subspan(first, count), view.power_watts.subspan(first, count), view.gaps};
}

bool has_two_readings(const PowerView& view, Window window) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < view.time.size() && count < 2; ++i) {
        count += window.contains(view.time[i]) && is_reading(view.power_watts[i]) ? 1U : 0U;
    }
    return count == 2;
}

} // namespace

std::optional<PowerStatistics> power_statistics(const PowerView& view,
                                                Window window,
                                                const SensorLimits& sensor) {
    const auto moments = power_moments(view, window);
    if (!moments) {
        return std::nullopt;
    }
    PowerStatistics result;
    result.window = window;
    result.coverage = moments->integral.coverage;
    result.energy = moments->integral.energy;
    result.mean.value = moments->mean;
    result.stdev = Watts{std::sqrt(moments->variance)};
    result.min = moments->min;
    result.peak = moments->peak;
    result.peak_time = moments->peak_time;
    result.percentiles = percentiles(view, window);

    const PowerView near = around(view, window);
    if (!has_two_readings(near, window)) {
        return result;
    }
    result.constant_reading = is_constant(near, window);
    if (result.constant_reading) {
        return result;
    }
    const double mean = moments->mean.value();
    if (mean > 0.0) {
        result.cv = Estimate<double>{result.stdev.value() / mean, std::nullopt};
    }
    const auto updates = independent_updates(near, window, sensor);
    if (!updates) {
        return result;
    }
    const auto power = autocorrelation(updates->watts, updates->step, updates->valid);
    if (!power) {
        return result;
    }
    const double covered = to_seconds(result.coverage.covered).value();
    const double most = covered / sensor_resolution(sensor, updates->step).value();
    const double effective = std::min(power->effective_samples, most);
    result.correlation_time = power->tau;
    result.effective_samples = effective;
    if (effective < fewest_effective_samples) {
        return result;
    }
    result.mean.interval = mean_interval(result.mean.value, power->variance, effective);
    if (result.cv) {
        const double shrink = power->effective_samples / effective;
        result.cv->interval =
            cv_interval(result.cv->value, shrink * relative_variance_of_cv(*updates, *power, mean));
    }
    return result;
}

} // namespace joulemark::analysis
