// Analysis of a power column: how many samples a second, beside the plain loop that anyone would
// write. One hour at 100 Hz unless said otherwise; `items_per_second` counts samples.
#include "analysis/change_points.hpp"
#include "analysis/derivatives.hpp"
#include "analysis/integral.hpp"
#include "analysis/phases.hpp"
#include "analysis/quantiles.hpp"
#include "analysis/statistics.hpp"
#include "analysis/uniform_grid.hpp"
#include "core/random.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <limits>
#include <vector>

namespace {

using namespace joulemark;
using namespace joulemark::analysis;

constexpr std::int64_t in_cache = 16'384;
constexpr std::int64_t hour = 360'000;
constexpr std::int64_t day = 8'640'000;

struct Recording {
    std::vector<Instant> time;
    std::vector<double> watts;

    // Requests of 8 s with 2 s of rest between, sampled every 10 ms with a little jitter.
    explicit Recording(std::int64_t samples) {
        const RandomStream random{1, 1};
        for (std::int64_t i = 0; i < samples; ++i) {
            const auto n = static_cast<std::uint64_t>(i);
            const std::int64_t in_cycle = i % 1000;
            const double level = in_cycle < 200 ? 60.0 : in_cycle < 300 ? 620.0 : 430.0;
            time.push_back(instant_at(10'000'000 * i + static_cast<std::int64_t>(n % 7) * 1000));
            watts.push_back(level + 10.0 * random.normal(n));
        }
    }
    [[nodiscard]] PowerView view() const { return {time, watts}; }
    [[nodiscard]] Window window() const { return {time.front(), time.back()}; }
};

void count(benchmark::State& state) {
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetBytesProcessed(state.iterations() * state.range(0) *
                            static_cast<std::int64_t>(sizeof(Instant) + sizeof(double)));
}

// The obvious loop: energy, mean square, extremes, with a test for readings that failed.
double plainly(const Recording& recording) {
    double energy = 0.0;
    double square = 0.0;
    double lowest = recording.watts.front();
    double highest = lowest;
    for (std::size_t i = 0; i + 1 < recording.time.size(); ++i) {
        const double a = recording.watts[i];
        const double b = recording.watts[i + 1];
        if (std::isnan(a) || std::isnan(b)) {
            continue;
        }
        const double dt = to_seconds(recording.time[i + 1] - recording.time[i]).value();
        energy += 0.5 * (a + b) * dt;
        square += 0.5 * (a * a + b * b) * dt;
        lowest = std::min(lowest, b);
        highest = std::max(highest, b);
    }
    return energy + square + lowest + highest;
}

// CPU seconds of the fastest of some runs.
template <class Work> double fastest(Work&& work) {
    double best = std::numeric_limits<double>::infinity();
    for (int i = 0; i < 20; ++i) {
        const std::clock_t begin = std::clock();
        work();
        best = std::min(best, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    }
    return best;
}

void plain_loop(benchmark::State& state) {
    const Recording recording{state.range(0)};
    for (auto _ : state) {
        benchmark::DoNotOptimize(plainly(recording));
    }
    count(state);
}

void moments(benchmark::State& state) {
    const Recording recording{state.range(0)};
    const auto ours = [&] {
        benchmark::DoNotOptimize(power_moments(recording.view(), recording.window()));
    };
    for (auto _ : state) {
        ours();
    }
    count(state);
    if (state.range(0) >= hour) { // long enough for the clock
        const auto plain = [&] { benchmark::DoNotOptimize(plainly(recording)); };
        state.counters["faster than the plain loop"] = fastest(plain) / fastest(ours);
    }
}

void moments_with_failed_readings(benchmark::State& state) {
    Recording recording{state.range(0)};
    for (std::size_t i = 5000; i + 1 < recording.watts.size(); i += 10'000) {
        recording.watts[i] = missing_reading;
    }
    for (auto _ : state) {
        benchmark::DoNotOptimize(power_moments(recording.view(), recording.window()));
    }
    count(state);
}

void prefix_sums(benchmark::State& state) {
    const Recording recording{state.range(0)};
    for (auto _ : state) {
        benchmark::DoNotOptimize(CumulativeEnergy{recording.view()});
    }
    count(state);
}

void prefix_lookup(benchmark::State& state) {
    const Recording recording{state.range(0)};
    const CumulativeEnergy energy{recording.view()};
    std::int64_t i = 0;
    for (auto _ : state) {
        i = (i * 48'271 + 11) % (state.range(0) * 9'000'000);
        benchmark::DoNotOptimize(energy.over({instant_at(i), instant_at(i + 500'000'000)}));
    }
}

void percentiles(benchmark::State& state) {
    const Recording recording{state.range(0)};
    constexpr std::array probabilities{0.01, 0.05, 0.5, 0.95, 0.99};
    for (auto _ : state) {
        benchmark::DoNotOptimize(
            power_quantiles(recording.view(), recording.window(), probabilities));
    }
    count(state);
}

// The same percentiles by sorting (value, weight) pairs.
void percentiles_by_sorting(benchmark::State& state) {
    const Recording recording{state.range(0)};
    for (auto _ : state) {
        std::vector<WeightedValue> values;
        for (std::size_t i = 0; i + 1 < recording.time.size(); ++i) {
            values.push_back({recording.watts[i],
                              to_seconds(recording.time[i + 1] - recording.time[i]).value()});
        }
        std::ranges::sort(values, {}, &WeightedValue::value);
        benchmark::DoNotOptimize(values[values.size() / 2]);
    }
    count(state);
}

void statistics(benchmark::State& state) {
    const Recording recording{state.range(0)};
    for (auto _ : state) {
        benchmark::DoNotOptimize(
            power_statistics(recording.view(), recording.window(), {Seconds{0.01}, {}}));
    }
    count(state);
}

void rebinning(benchmark::State& state) {
    const Recording recording{state.range(0)};
    for (auto _ : state) {
        benchmark::DoNotOptimize(node_means(recording.view(), recording.window(), Seconds{0.1}));
    }
    count(state);
}

void slope_fits(benchmark::State& state) {
    const Recording recording{state.range(0)};
    const auto grid = node_means(recording.view(), recording.window(), Seconds{0.01});
    for (auto _ : state) {
        benchmark::DoNotOptimize(slopes(*grid, Seconds{0.7}));
    }
    count(state);
}

void change_point_search(benchmark::State& state) {
    const Recording recording{state.range(0)};
    for (auto _ : state) {
        benchmark::DoNotOptimize(change_points(recording.watts, 100.0));
    }
    count(state);
}

void phases(benchmark::State& state) {
    const Recording recording{state.range(0)};
    PhaseOptions options;
    options.sensor.update_period = Seconds{0.01};
    for (auto _ : state) {
        benchmark::DoNotOptimize(find_phases(recording.view(), recording.window(), {}, options));
    }
    count(state);
}

BENCHMARK(plain_loop)->Arg(in_cache)->Arg(hour)->Arg(day);
BENCHMARK(moments)->Arg(in_cache)->Arg(hour)->Arg(day);
BENCHMARK(moments_with_failed_readings)->Arg(hour);
BENCHMARK(prefix_sums)->Arg(hour);
BENCHMARK(prefix_lookup)->Arg(hour);
BENCHMARK(percentiles)->Arg(hour);
BENCHMARK(percentiles_by_sorting)->Arg(hour);
BENCHMARK(statistics)->Arg(hour);
BENCHMARK(rebinning)->Arg(hour);
BENCHMARK(slope_fits)->Arg(hour);
BENCHMARK(change_point_search)->Arg(hour)->Unit(benchmark::kMillisecond);
BENCHMARK(phases)->Arg(hour)->Arg(day)->Unit(benchmark::kMillisecond);

} // namespace
