#include "hardware/recording.hpp"

#include <algorithm>
#include <iterator>
#include <stop_token>
#include <utility>

namespace joulemark::hardware {

namespace {

constexpr Nanoseconds slow_period = std::chrono::milliseconds{500};

template <class Q> double number(const std::optional<Q>& quantity) {
    return quantity ? quantity->value() : missing_reading;
}
double number(const std::optional<double>& value) { return value.value_or(missing_reading); }

void take_fast(device::Device& device, Recording& recording) {
    const auto reading = device.read_fast();
    if (!reading) {
        ++recording.failed;
        return;
    }
    Columns& fast = recording.fast;
    if (!fast.time.empty() && reading->time <= fast.time.back()) {
        return;
    }
    fast.time.push_back(reading->time);
    fast.values(Metric::power).push_back(number(reading->power));
    fast.values(Metric::average_power).push_back(number(reading->average_power));
    fast.values(Metric::energy_counter).push_back(number(reading->energy_counter));
    recording.fast_latency.push_back(reading->latency);
}

void take_slow(device::Device& device, Clock& clock, Recording& recording) {
    const Instant before = clock.now();
    const auto reading = device.read_slow();
    recording.slow_latency.push_back(clock.now() - before);
    if (auto samples = device.driver_samples()) {
        std::ranges::move(*samples, std::back_inserter(recording.driver_samples));
    }
    if (!reading || (!recording.slow.time.empty() && reading->time <= recording.slow.time.back())) {
        return;
    }
    Columns& slow = recording.slow;
    slow.time.push_back(reading->time);
    slow.values(Metric::temperature).push_back(number(reading->temperature));
    slow.values(Metric::memory_temperature).push_back(number(reading->memory_temperature));
    slow.values(Metric::utilisation).push_back(number(reading->utilisation));
    slow.values(Metric::memory_utilisation).push_back(number(reading->memory_utilisation));
    slow.values(Metric::memory_used).push_back(number(reading->memory_used));
    slow.values(Metric::sm_clock).push_back(number(reading->sm_clock));
    slow.values(Metric::memory_clock).push_back(number(reading->memory_clock));
    slow.values(Metric::power_limit).push_back(number(reading->power_limit));
    slow.values(Metric::throttle_reasons)
        .push_back(reading->throttle_reasons ? double{1.0} * *reading->throttle_reasons
                                             : missing_reading);
}

} // namespace

void Recording::append(Recording more) {
    fast.append(more.fast);
    slow.append(more.slow);
    std::ranges::move(more.fast_latency, std::back_inserter(fast_latency));
    std::ranges::move(more.slow_latency, std::back_inserter(slow_latency));
    std::ranges::move(more.driver_samples, std::back_inserter(driver_samples));
    failed += more.failed;
    missed += more.missed;
}

Recording record(device::Device& device,
                 Clock& clock,
                 Nanoseconds period,
                 const std::function<bool()>& go_on) {
    Recording recording;
    Instant due = clock.now();
    Instant slow_due = due;
    while (go_on()) {
        take_fast(device, recording);
        if (clock.now() >= slow_due) {
            take_slow(device, clock, recording);
            slow_due += slow_period;
        }
        due += period;
        const Instant now = clock.now();
        if (now > due) {
            const auto behind = (now - due) / period;
            recording.missed += static_cast<std::size_t>(behind);
            due += behind * period;
        }
        clock.sleep_until(due, std::stop_token{});
    }
    return recording;
}

Recording record_for(device::Device& device,
                     Clock& clock,
                     Nanoseconds period,
                     Nanoseconds duration) {
    const Instant end = clock.now() + duration;
    return record(device, clock, period, [&] { return clock.now() < end; });
}

} // namespace joulemark::hardware
