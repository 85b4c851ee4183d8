#include "device/nvml_fake.hpp"
#include "device/nvml_ring.hpp"

#include <gtest/gtest.h>

namespace joulemark::device {
namespace {

class NvmlRing : public testing::Test {
protected:
    NvmlDevice& open(std::string_view script) {
        fake_.script(script);
        fake_.clock.advance(seconds{10});
        auto device = fake_.open_device();
        EXPECT_TRUE(device) << device.error().describe();
        device_ = std::move(*device);
        return *device_;
    }

    [[nodiscard]] std::vector<DriverSample> take() {
        auto samples = device_->driver_samples();
        EXPECT_TRUE(samples) << samples.error().describe();
        return samples.value_or(std::vector<DriverSample>{});
    }

    static void expect_increasing(const std::vector<DriverSample>& samples) {
        for (std::size_t i = 1; i < samples.size(); ++i) {
            EXPECT_LT(samples[i - 1].time, samples[i].time);
        }
    }

    FakeNvml fake_;
    std::unique_ptr<NvmlDevice> device_;
};

TEST_F(NvmlRing, HandsOutEverySampleOnceOnTheMonotonicTimeLine) {
    open("gpu h200\npower constant 300\nring 20ms 200");
    const Instant opened = fake_.clock.now();
    EXPECT_TRUE(take().empty()); // older than the device
    fake_.clock.advance(milliseconds{100});
    const auto samples = take();
    ASSERT_EQ(samples.size(), 5U);
    EXPECT_EQ(samples.front().time, opened + milliseconds{20});
    EXPECT_EQ(samples.back().time, opened + milliseconds{100});
    EXPECT_DOUBLE_EQ(samples.back().power.value(), 300.0);
    EXPECT_TRUE(take().empty());
    expect_increasing(samples);
    EXPECT_EQ(device_->ring_statistics(), (nvml::SampleRing::Statistics{}));
}

TEST_F(NvmlRing, ShowsEachSamplesOwnPower) {
    open("gpu h200\npower square 100 500 100ms 0.5\nring 50ms 200");
    fake_.clock.advance(milliseconds{200});
    const auto samples = take();
    ASSERT_EQ(samples.size(), 4U);
    EXPECT_NEAR(samples[0].power.value(), 500.0, 0.5);
    EXPECT_NEAR(samples[1].power.value(), 100.0, 0.5);
}

TEST_F(NvmlRing, StampsOfTheMonotonicClockAreRecognised) {
    open("gpu h200\nring 20ms 200 monotonic");
    const Instant opened = fake_.clock.now();
    fake_.clock.advance(milliseconds{40});
    fake_.clock.step_wall(hours{1}); // of no concern here
    const auto samples = take();
    ASSERT_EQ(samples.size(), 2U);
    EXPECT_EQ(samples.back().time, opened + milliseconds{40});
}

TEST_F(NvmlRing, RepeatedStampsAreDropped) {
    open("gpu h200\nring 20ms 200 repeating");
    fake_.clock.advance(milliseconds{200});
    const auto samples = take();
    EXPECT_GE(samples.size(), 4U);
    EXPECT_LE(samples.size(), 6U);
    expect_increasing(samples);
    EXPECT_GE(device_->ring_statistics().dropped, 4U);
}

TEST_F(NvmlRing, StampsThatGoBackAreDropped) {
    open("gpu h200\nring 20ms 200 backwards");
    fake_.clock.advance(milliseconds{200});
    const auto samples = take();
    EXPECT_GE(samples.size(), 4U);
    expect_increasing(samples);
    EXPECT_GE(device_->ring_statistics().dropped, 4U);
}

TEST_F(NvmlRing, AnOverrunIsRecognised) {
    open("gpu h200\nring 20ms 10");
    fake_.clock.advance(milliseconds{100});
    EXPECT_EQ(take().size(), 5U);
    EXPECT_EQ(device_->ring_statistics().overruns, 0U);
    fake_.clock.advance(milliseconds{1000}); // 50 samples into room for 10
    EXPECT_EQ(take().size(), 10U);
    EXPECT_EQ(device_->ring_statistics().overruns, 1U);
    fake_.clock.advance(milliseconds{200}); // exactly full, nothing lost
    EXPECT_EQ(take().size(), 10U);
    EXPECT_EQ(device_->ring_statistics().overruns, 1U);
}

TEST_F(NvmlRing, NothingNewIsNoError) {
    open("gpu h200\nring 20ms 200");
    fake_.clock.advance(milliseconds{20});
    EXPECT_EQ(take().size(), 1U);
    EXPECT_TRUE(take().empty());
}

TEST_F(NvmlRing, AGpuWithoutARingIsAskedOnce) {
    open("gpu h200\nring none");
    EXPECT_TRUE(take().empty());
    const std::uint64_t calls = fake_.calls("nvmlDeviceGetSamples");
    EXPECT_TRUE(take().empty());
    EXPECT_EQ(fake_.calls("nvmlDeviceGetSamples"), calls);
}

TEST_F(NvmlRing, AWallClockStepNeverMovesSamplesInTime) {
    for (const auto step : {hours{1}, hours{-1}}) {
        open("gpu h200\nring 20ms 200");
        const Instant opened = fake_.clock.now();
        fake_.clock.advance(milliseconds{100});
        EXPECT_EQ(take().size(), 5U);
        fake_.clock.advance(milliseconds{50});
        fake_.clock.step_wall(step);
        fake_.clock.advance(milliseconds{50});
        EXPECT_TRUE(take().empty()); // which of them are of the old time line cannot be told
        fake_.clock.advance(milliseconds{100});
        const auto samples = take();
        ASSERT_EQ(samples.size(), 5U);
        expect_increasing(samples);
        for (const DriverSample& sample : samples) {
            EXPECT_GT(sample.time, opened + milliseconds{200});
            EXPECT_LE(sample.time, fake_.clock.now());
        }
        device_.reset();
        fake_.script("on 0\nremove");
    }
}

TEST_F(NvmlRing, ARingInOtherUnitsThanMilliwattsIsNotUsed) {
    NvmlDevice& gpu = open("gpu h200\npower constant 300\nring 20ms 200 watts");
    (void)gpu.read_fast();
    fake_.clock.advance(milliseconds{100});
    EXPECT_TRUE(take().empty());
    fake_.clock.advance(milliseconds{100});
    EXPECT_TRUE(take().empty());
}

TEST_F(NvmlRing, APassingFailureIsNoError) {
    open("gpu h200\nring 20ms 200");
    EXPECT_TRUE(take().empty());
    fake_.clock.advance(milliseconds{100});
    fake_.script("fail nvmlDeviceGetSamples 10 1");
    EXPECT_TRUE(take().empty());
    EXPECT_EQ(take().size(), 5U);
}

TEST_F(NvmlRing, ALostGpuIsAnError) {
    open("gpu h200\nring 20ms 200");
    fake_.script("on 0\nlost");
    const auto samples = device_->driver_samples();
    ASSERT_FALSE(samples);
    EXPECT_EQ(samples.error().kind, Kind::not_found);
}

} // namespace
} // namespace joulemark::device
