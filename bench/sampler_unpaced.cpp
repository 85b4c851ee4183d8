// The sampling loop without its sleeps: what is left when the kernel's wake-ups are taken away.
#include "core/clock.hpp"
#include "sampler/batch.hpp"
#include "sampler/recorder.hpp"
#include "sampler/this_thread.hpp"
#include "sampler_loops.hpp"

#include <utility>

namespace joulemark::bench {

namespace {

constexpr std::uint64_t samples = 500'000;
constexpr std::uint64_t drained_after = 1024;

// Time runs ten times as fast, so that readings less than a microsecond apart have times of their
// own.
Instant hastened(Instant t) { return instant_at(10 * count_ns(t)); }

// Never sleeps.
class RestlessClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override { return hastened(clock_.now()); }
    [[nodiscard]] std::int64_t unix_ns() const override { return clock_.unix_ns(); }
    bool sleep_until(Instant, std::stop_token stop) override { return !stop.stop_requested(); }

private:
    SystemClock clock_;
};

// Passes readings on, drains the recorder now and then as the drain thread would, and stops it in
// the end.
class CountedDevice final : public device::Device {
public:
    CountedDevice(std::unique_ptr<device::Device> device, std::stop_source& stop)
        : device_(std::move(device)), stop_(stop) {}

    void drain(sampler::Recorder& recorder) { recorder_ = &recorder; }

    [[nodiscard]] const DeviceInfo& info() const override { return device_->info(); }
    [[nodiscard]] Result<device::FastReading> read_fast() override {
        if (++count_ % drained_after == 0) {
            recorder_->fast().consume(
                [&](const device::FastReading& reading) { batch_.add(reading); });
            batch_.complete();
            batch_.clear();
        }
        if (count_ == samples) {
            stop_.request_stop();
        }
        auto reading = device_->read_fast();
        if (reading) {
            reading->time = hastened(reading->time);
        }
        return reading;
    }
    [[nodiscard]] Result<device::SlowReading> read_slow() override { return device_->read_slow(); }
    [[nodiscard]] Result<void> reopen() override { return device_->reopen(); }

private:
    std::unique_ptr<device::Device> device_;
    std::stop_source& stop_;
    sampler::Recorder* recorder_ = nullptr;
    sampler::Batch batch_;
    std::uint64_t count_ = 0;
};

double thread_cpu_us() { return sampler::thread_cpu_time().value_or(0_s).value() * 1e6; }

} // namespace

Result<Outcome> run_unpaced(const Plan& plan) {
    Plan single = plan;
    single.devices = 1;
    auto devices = library_devices(single);
    if (!devices) {
        return tl::unexpected(devices.error());
    }
    RestlessClock clock;
    std::stop_source stop;
    auto counted = std::make_unique<CountedDevice>(std::move(devices->front()), stop);
    CountedDevice& device = *counted;
    sampler::Options options;
    options.interval = std::chrono::microseconds{1};
    sampler::Recorder recorder(std::move(counted), options, {clock.now(), options.interval}, clock);
    device.drain(recorder);
    const double begin = thread_cpu_us();
    recorder.record(stop.get_token());
    Outcome outcome;
    outcome.cpu_us = (thread_cpu_us() - begin) / static_cast<double>(samples);
    outcome.samples = recorder.report().samples;
    return outcome;
}

} // namespace joulemark::bench
