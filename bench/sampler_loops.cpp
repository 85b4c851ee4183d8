#include "sampler_loops.hpp"

#include "core/clock.hpp"
#include "device/registry.hpp"
#include "sampler/histogram.hpp"
#include "sampler/sampler.hpp"
#include "sampler/this_thread.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace joulemark::bench {

using sampler::DurationHistogram;

namespace {

double microseconds(Nanoseconds d) { return static_cast<double>(d.count()) * 1e-3; }

double process_cpu_us() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto us = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
    };
    return us(usage.ru_utime) + us(usage.ru_stime);
}

double thread_cpu_us() { return sampler::thread_cpu_time().value_or(0_s).value() * 1e6; }

Instant now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return instant_at(std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec);
}

void sleep_to(Instant deadline) {
    const std::int64_t ns = count_ns(deadline);
    const timespec t{ns / 1'000'000'000, ns % 1'000'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
}

// Measures how long a sampling thread is awake between two sleeps.
class AwakeClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override { return clock_.now(); }
    [[nodiscard]] std::int64_t unix_ns() const override { return clock_.unix_ns(); }
    bool sleep_until(Instant deadline, std::stop_token stop) override {
        Thread& mine = thread();
        if (mine.woken != Instant{}) {
            mine.awake.add(clock_.now() - mine.woken);
        }
        const bool reached = clock_.sleep_until(deadline, std::move(stop));
        mine.woken = clock_.now();
        return reached;
    }

    // The median of the threads' medians; the one of the drain thread is among the longest and does
    // no harm.
    [[nodiscard]] Nanoseconds median_awake() {
        std::vector<Nanoseconds> medians;
        for (const auto& thread : threads_) {
            medians.push_back(thread->awake.quantile(0.5));
        }
        std::ranges::sort(medians);
        return medians.empty() ? Nanoseconds{0} : medians[(medians.size() - 1) / 2];
    }

private:
    struct Thread {
        std::thread::id id;
        Instant woken;
        DurationHistogram awake;
    };
    Thread& thread() {
        thread_local Thread* mine = nullptr;
        if (mine == nullptr) {
            const std::lock_guard lock(mutex_);
            mine = threads_.emplace_back(std::make_unique<Thread>()).get();
        }
        return *mine;
    }

    SystemClock clock_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Thread>> threads_;
};

// The two clock reads that every back-end needs around its call.
template <class Call> device::FastReading timed(Call&& call) {
    device::FastReading reading;
    const Instant before = now();
    call(reading);
    const Instant after = now();
    reading.time = before + (after - before) / 2;
    reading.latency = after - before;
    return reading;
}

class ConstantDevice final : public device::Device {
public:
    explicit ConstantDevice(Nanoseconds latency) : latency_(latency) { info_.name = "constant"; }
    [[nodiscard]] const DeviceInfo& info() const override { return info_; }
    [[nodiscard]] Result<device::FastReading> read_fast() override {
        return timed([&](device::FastReading& reading) {
            const Instant end = now() + latency_;
            while (latency_ > Nanoseconds{0} && now() < end) {
            }
            reading.power = 100_W;
            reading.energy_counter = 1_J;
        });
    }
    [[nodiscard]] Result<device::SlowReading> read_slow() override {
        device::SlowReading reading;
        reading.time = now();
        reading.temperature = Celsius{40.0};
        return reading;
    }
    [[nodiscard]] Result<void> reopen() override { return {}; }

private:
    DeviceInfo info_;
    Nanoseconds latency_;
};

class LibraryDevice final : public device::Device {
public:
    static Result<std::unique_ptr<LibraryDevice>> open(void* library, unsigned index) {
        std::unique_ptr<LibraryDevice> device(new LibraryDevice);
        unsigned (*handle_by_index)(unsigned, void**) = nullptr;
        const bool found = bind(library, "nvmlDeviceGetHandleByIndex_v2", handle_by_index) &&
                           bind(library, "nvmlDeviceGetPowerUsage", device->power_usage_) &&
                           bind(library, "nvmlDeviceGetTotalEnergyConsumption", device->energy_);
        if (!found || handle_by_index(index, &device->handle_) != 0) {
            return fail(Kind::not_found, fmt::format("the library has no device {}", index));
        }
        device->info_.name = fmt::format("library:{}", index);
        return device;
    }
    [[nodiscard]] const DeviceInfo& info() const override { return info_; }
    bool call(unsigned& power_mw, unsigned long long& energy_mj) {
        return power_usage_(handle_, &power_mw) == 0 && energy_(handle_, &energy_mj) == 0;
    }
    [[nodiscard]] Result<device::FastReading> read_fast() override {
        return timed([&](device::FastReading& reading) {
            unsigned power_mw = 0;
            unsigned long long energy_mj = 0;
            if (call(power_mw, energy_mj)) {
                reading.power = Watts{power_mw * 1e-3};
                reading.energy_counter = Joules{static_cast<double>(energy_mj) * 1e-3};
            }
        });
    }
    [[nodiscard]] Result<device::SlowReading> read_slow() override {
        return fail(Kind::unsupported, "two numbers only");
    }
    [[nodiscard]] Result<void> reopen() override { return {}; }

private:
    LibraryDevice() = default;

    template <class Function>
    static bool bind(void* library, const char* name, Function& function) {
        function = reinterpret_cast<Function>(dlsym(library, name));
        return function != nullptr;
    }

    DeviceInfo info_;
    void* handle_ = nullptr;
    unsigned (*power_usage_)(void*, unsigned*) = nullptr;
    unsigned (*energy_)(void*, unsigned long long*) = nullptr;
};

class DiscardingSink final : public sampler::SampleSink {
public:
    [[nodiscard]] Result<void> accept(std::size_t, const Columns&, const Columns&) override {
        return {};
    }
};

} // namespace

Outcome run_bare_loop(const Plan& plan) {
    struct Account {
        DurationHistogram lateness;
        std::uint64_t missed = 0;
    };
    std::vector<Account> accounts(plan.devices);
    const auto ticks = plan.duration / plan.interval;
    const auto count = static_cast<std::int64_t>(plan.devices);
    const double cpu = process_cpu_us();
    {
        std::vector<std::jthread> threads;
        const Instant start = now() + std::chrono::milliseconds{20};
        for (std::int64_t i = 0; i < count; ++i) {
            const Instant first = plan.spread ? start + i * plan.interval / count : start;
            threads.emplace_back([&, first, &mine = accounts[static_cast<std::size_t>(i)]] {
                prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
                for (std::int64_t tick = 0; tick < ticks; ++tick) {
                    const Instant deadline = first + tick * plan.interval;
                    sleep_to(deadline);
                    const Nanoseconds late = now() - deadline;
                    mine.lateness.add(late);
                    const std::int64_t passed = late / plan.interval;
                    mine.missed += static_cast<std::uint64_t>(passed);
                    tick += passed;
                }
            });
        }
    }
    Outcome outcome;
    for (const Account& account : accounts) {
        outcome.samples += account.lateness.count();
        outcome.missed += account.missed;
        outcome.lateness_p50_us =
            std::max(outcome.lateness_p50_us, microseconds(account.lateness.quantile(0.5)));
        outcome.lateness_p99_us =
            std::max(outcome.lateness_p99_us, microseconds(account.lateness.quantile(0.99)));
        outcome.lateness_max_us =
            std::max(outcome.lateness_max_us, microseconds(account.lateness.largest()));
    }
    outcome.cpu_us = (process_cpu_us() - cpu) / static_cast<double>(outcome.samples);
    return outcome;
}

Devices constant_devices(const Plan& plan) {
    Devices devices;
    for (std::size_t i = 0; i < plan.devices; ++i) {
        devices.push_back(std::make_unique<ConstantDevice>(plan.latency));
    }
    return devices;
}

Result<void*> open_library(const Plan& plan) {
    void* library = dlopen(plan.library.value_or("").c_str(), RTLD_NOW | RTLD_LOCAL);
    unsigned (*init)() = nullptr;
    if (library != nullptr) {
        init = reinterpret_cast<unsigned (*)()>(dlsym(library, "nvmlInit_v2"));
    }
    if (init == nullptr || init() != 0) {
        return fail(Kind::unavailable, "the NVML library cannot be used; name it with --library");
    }
    return library;
}

Result<Devices> library_devices(const Plan& plan) {
    const Result<void*> library = open_library(plan);
    Devices devices;
    for (unsigned i = 0; library && i < plan.devices; ++i) {
        auto device = LibraryDevice::open(*library, i);
        if (!device) {
            return tl::unexpected(device.error());
        }
        devices.push_back(std::move(*device));
    }
    if (!library) {
        return tl::unexpected(library.error());
    }
    return devices;
}

Result<Outcome> run_library_alone(const Plan& plan) {
    constexpr std::uint64_t count = 500'000;
    const auto device =
        open_library(plan).and_then([](void* library) { return LibraryDevice::open(library, 0); });
    if (!device) {
        return tl::unexpected(device.error());
    }
    unsigned power_mw = 0;
    unsigned long long energy_mj = 0;
    const double cpu = thread_cpu_us();
    Outcome outcome;
    while (outcome.samples < count && (*device)->call(power_mw, energy_mj)) {
        ++outcome.samples;
    }
    outcome.cpu_us = (thread_cpu_us() - cpu) / static_cast<double>(outcome.samples);
    return outcome;
}

Result<Devices> nvml_devices(const Plan& plan) {
    static SystemClock clock;
    device::Surroundings where;
    where.nvml_library = plan.library.value_or("");
    where.clock = &clock;
    Devices devices;
    for (std::size_t i = 0; i < plan.devices; ++i) {
        auto opened = device::open(fmt::format("nvml:{}", i), where);
        if (!opened) {
            return tl::unexpected(opened.error());
        }
        std::ranges::move(*opened, std::back_inserter(devices));
    }
    return devices;
}

Result<Outcome> run_sampler(const Plan& plan, Devices devices) {
    AwakeClock clock;
    DiscardingSink sink;
    sampler::Options options;
    options.interval = plan.interval;
    options.spread = plan.spread;
    const double cpu = process_cpu_us();
    auto started = sampler::Sampler::start(std::move(devices), options, clock, sink);
    if (!started) {
        return tl::unexpected(started.error());
    }
    sleep_to(now() + plan.duration);
    const auto reports = (*started)->stop();
    if (!reports) {
        return tl::unexpected(reports.error());
    }
    Outcome outcome;
    outcome.cpu_us = process_cpu_us() - cpu;
    for (const SamplingReport& report : *reports) {
        outcome.samples += report.samples;
        outcome.missed += report.missed_deadlines;
        outcome.library_us = std::max(outcome.library_us, microseconds(report.latency_p50));
        outcome.lateness_p99_us =
            std::max(outcome.lateness_p99_us, microseconds(report.lateness_p99));
        outcome.lateness_max_us =
            std::max(outcome.lateness_max_us, microseconds(report.lateness_max));
    }
    outcome.cpu_us /= static_cast<double>(outcome.samples);
    outcome.awake_us = microseconds(clock.median_awake());
    return outcome;
}

} // namespace joulemark::bench
