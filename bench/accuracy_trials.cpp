#include "accuracy_trials.hpp"

#include "analysis/energy.hpp"
#include "core/random.hpp"
#include "core/text.hpp"
#include "core/trace.hpp"
#include "physics/gpu_catalog.hpp"
#include "physics/power_profile.hpp"
#include "physics/sensor.hpp"
#include "sampler/interval.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace joulemark::bench {

namespace {

using namespace physics;

// As `joulemark measure` does by default: half a second of lead and of tail.
constexpr Nanoseconds roll = std::chrono::milliseconds(500);
constexpr double wake_lateness_s = 0.0002;
// Cards of one architecture differ from the published delay by about this much; see
// docs/explanation/sensors.md.
constexpr double delay_spread = 0.3;
// Firmware timers wander a little.
constexpr Nanoseconds timer_jitter = std::chrono::microseconds(200);
constexpr double window_spread = 0.1;
constexpr double gain_sigma = 0.05 / 1.96;
constexpr double gain_mismatch_sigma = 0.005;
const Instant window_begin = instant_at(100'000'000'000);

constexpr std::array<const char*, 4> gpus{"a100", "h100", "rtx4090", "v100"};
// 9.7 Hz beats against a 100 ms sensor, 10 Hz hides from it altogether; 40 and 50 Hz do so on a 20
// ms sensor.
constexpr std::array<const char*, 12> loads{"steady",
                                            "step",
                                            "square 0.1 Hz",
                                            "square 0.5 Hz",
                                            "square 1 Hz",
                                            "square 2 Hz",
                                            "square 5 Hz",
                                            "square 9.7 Hz",
                                            "square 10 Hz",
                                            "burst 0.2 s",
                                            "burst 1 s",
                                            "burst 5 s"};
constexpr std::array<double, 5> windows_s{0.2, 0.5, 1.0, 5.0, 30.0};

// The numbers of one trial, drawn one after the other.
class Draws {
public:
    Draws(std::uint64_t seed, std::uint64_t trial) : random_(seed, trial) {}
    double uniform(double low, double high) {
        return low + (high - low) * random_.uniform(next_++);
    }
    double normal() { return random_.normal(next_++); }
    std::uint64_t bits() { return random_.bits(next_++); }

private:
    RandomStream random_;
    std::uint64_t next_ = 0;
};

// FNV-1a: the same everywhere, unlike std::hash.
std::uint64_t fingerprint(const AccuracyCell& cell) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : fmt::format("{}|{}|{}", cell.gpu, cell.load, cell.window.value())) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    return hash;
}

double number_in(const std::string& load) {
    const std::size_t from = load.find_first_of("0123456789");
    return parse_double(std::string_view(load).substr(from, load.find(' ', from) - from)).value();
}

PowerProfile make_load(const std::string& load, Seconds window, const GpuSpec& gpu, Draws& draw) {
    const double cap = gpu.tdp.value();
    const double idle = gpu.idle_power.value_or(Watts{0.1 * cap}).value();
    const Watts low{draw.uniform(idle, 0.4 * cap)};
    const Watts high{draw.uniform(0.6 * cap, cap)};
    const double length = window.value();
    if (load == "steady") {
        return PowerProfile(constant(high), window_begin);
    }
    if (load == "step") {
        const Seconds at{draw.uniform(0.0, length)};
        const bool up = draw.uniform(0.0, 1.0) < 0.5;
        return PowerProfile(up ? step(low, high, to_nanoseconds(at))
                               : step(high, low, to_nanoseconds(at)),
                            window_begin);
    }
    const double figure = number_in(load);
    if (load.starts_with("square")) {
        const Seconds period{1.0 / figure};
        const Seconds phase = period * draw.uniform(0.0, 1.0);
        return PowerProfile(square(low, high, to_nanoseconds(period), 0.5),
                            window_begin - to_nanoseconds(phase));
    }
    const Seconds begin{draw.uniform(0.0, length) - figure / 2};
    return PowerProfile(burst(low, high, to_nanoseconds(begin), to_nanoseconds(Seconds{figure})),
                        window_begin);
}

// A card of this type: gain and delay of its own around what is documented for the type.
SensorParameters make_card(const GpuSpec& gpu, Draws& draw) {
    SensorParameters card = sensor_parameters_for(gpu);
    const double gain = 1.0 + gain_sigma * draw.normal();
    card.instant.gain = gain * (1.0 + gain_mismatch_sigma * draw.normal());
    const double factor = 1.0 + draw.uniform(-delay_spread, delay_spread);
    card.instant.delay = to_nanoseconds(to_seconds(card.instant.delay) * factor);
    card.instant.jitter = timer_jitter;
    if (card.counter) {
        card.counter->gain = gain;
        card.counter->jitter = timer_jitter;
    }
    return card;
}

DeviceInfo describe(const GpuSpec& gpu) {
    const DocumentedSensors documented = documented_sensors(gpu.architecture);
    DeviceInfo device;
    device.name = "sim:" + gpu.name;
    device.simulated = true;
    device.power_limit = gpu.tdp;
    device.idle_power = gpu.idle_power;
    device.power_sensor = documented.instant;
    device.counter = documented.counter;
    return device;
}

Columns poll(const SimulatedSensor& sensor,
             const PowerProfile& truth,
             Window window,
             Nanoseconds interval,
             Draws& draw) {
    Columns out;
    const RandomStream lateness(draw.bits(), 0);
    Instant due = window.begin - roll - to_nanoseconds(to_seconds(interval) * draw.uniform(0, 1));
    for (std::uint64_t i = 0; due <= window.end + roll; ++i, due += interval) {
        const Instant t = due + to_nanoseconds(Seconds{wake_lateness_s * lateness.uniform(i)});
        out.time.push_back(t);
        out.values(Metric::power).push_back(sensor.reading(truth, t).value());
        if (const auto joules = sensor.counter(truth, t)) {
            out.values(Metric::energy_counter).push_back(joules->value());
        }
    }
    return out;
}

double interpolate(const Columns& c, std::size_t i, Instant t) {
    const auto p = c.values(Metric::power);
    const double share = to_seconds(t - c.time[i - 1]) / to_seconds(c.time[i] - c.time[i - 1]);
    return p[i - 1] + share * (p[i] - p[i - 1]);
}

double naive_trapezoid(const Columns& c, Window window) {
    const auto p = c.values(Metric::power);
    double joules = 0.0;
    for (std::size_t i = 1; i < c.size(); ++i) {
        const Instant from = std::max(c.time[i - 1], window.begin);
        const Instant to = std::min(c.time[i], window.end);
        if (from >= to) {
            continue;
        }
        const double a = from == c.time[i - 1] ? p[i - 1] : interpolate(c, i, from);
        const double b = to == c.time[i] ? p[i] : interpolate(c, i, to);
        joules += (a + b) / 2 * to_seconds(to - from).value();
    }
    return joules;
}

struct Trial {
    double truth = 0.0;
    double counter_scale = 0.0; // true energy times the gain of the counter
    double sensor_scale = 0.0;  // true energy times the gain of the power sensor
    double trapezoid = 0.0;
    double raw_counter = 0.0;
    analysis::EnergyResult ours;
};

Trial run_trial(const AccuracyCell& cell, const GpuSpec& gpu, Draws draw) {
    const Seconds length = cell.window * draw.uniform(1.0 - window_spread, 1.0 + window_spread);
    const Window window{window_begin, window_begin + to_nanoseconds(length)};
    const PowerProfile truth = make_load(cell.load, length, gpu, draw);
    const SensorParameters card = make_card(gpu, draw);
    const SimulatedSensor sensor(card, draw.bits());
    TraceInfo info;
    info.device = describe(gpu);
    info.interval = sampler::recommended_interval(info.device);
    Columns columns = poll(sensor, truth, window, info.interval, draw);
    Trial out;
    out.truth = truth.energy(window).value();
    out.sensor_scale = out.truth * card.instant.gain;
    out.counter_scale = card.counter ? out.truth * card.counter->gain : out.sensor_scale;
    out.trapezoid = naive_trapezoid(columns, window);
    if (card.counter) {
        out.raw_counter =
            (*sensor.counter(truth, window.end) - *sensor.counter(truth, window.begin)).value();
    }
    const auto trace = Trace::make(info, std::move(columns), {});
    out.ours = analysis::estimate_energy(trace.value(), window);
    return out;
}

bool holds(const Interval<Joules>& interval, double joules) {
    return interval.low.value() <= joules && joules <= interval.high.value();
}

} // namespace

std::vector<AccuracyCell> accuracy_cells() {
    std::vector<AccuracyCell> cells;
    for (const char* gpu : gpus) {
        for (const char* load : loads) {
            for (const double window : windows_s) {
                cells.push_back({gpu, load, Seconds{window}});
            }
        }
    }
    return cells;
}

AccuracyResult run_cell(const AccuracyCell& cell, std::size_t trials, std::uint64_t seed) {
    const GpuSpec gpu = find_gpu(cell.gpu).value();
    const std::uint64_t cell_seed = seed ^ fingerprint(cell);
    AccuracyResult sum;
    sum.trials = trials;
    const auto n = static_cast<double>(trials);
    for (std::size_t i = 0; i < trials; ++i) {
        const Trial trial = run_trial(cell, gpu, Draws(cell_seed, i));
        if (!trial.ours.energy) {
            continue;
        }
        const double scale = trial.ours.method == analysis::EnergyMethod::counter
                                 ? trial.counter_scale
                                 : trial.sensor_scale;
        const auto square = [&](double joules, double right) {
            const double relative = joules / right - 1.0;
            return relative * relative / n;
        };
        sum.rms_error += square(trial.ours.energy->value.value(), scale);
        sum.rms_trapezoid += square(trial.trapezoid, trial.sensor_scale);
        sum.rms_raw_counter += square(trial.raw_counter, trial.counter_scale);
        const Interval<Joules>& narrow = *trial.ours.repeatability;
        sum.mean_half_width += (narrow.high - narrow.low).value() / 2 / scale / n;
        sum.coverage += holds(narrow, scale) ? 1.0 / n : 0.0;
        sum.coverage_with_gain += holds(*trial.ours.energy->interval, trial.truth) ? 1.0 / n : 0.0;
    }
    sum.rms_error = std::sqrt(sum.rms_error);
    sum.rms_trapezoid = std::sqrt(sum.rms_trapezoid);
    sum.rms_raw_counter = std::sqrt(sum.rms_raw_counter);
    return sum;
}

} // namespace joulemark::bench
