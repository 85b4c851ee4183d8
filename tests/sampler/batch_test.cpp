#include "sampler/batch.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace joulemark::sampler {
namespace {

device::FastReading fast_at(std::int64_t us) {
    device::FastReading reading;
    reading.time = instant_at(us * 1'000);
    return reading;
}

TEST(Batch, AMetricThatWasNeverSaidHasNoColumn) {
    Batch batch;
    auto reading = fast_at(1);
    reading.power = 50_W;
    batch.add(reading);
    batch.complete();
    EXPECT_EQ(batch.fast().size(), 1U);
    EXPECT_EQ(batch.fast().values(Metric::power).front(), 50.0);
    EXPECT_FALSE(batch.fast().has(Metric::energy_counter));
    EXPECT_FALSE(batch.fast().has(Metric::average_power));
}

TEST(Batch, AReadingThatIsMissingIsNaNAndNeverZero) {
    Batch batch;
    batch.add(fast_at(1));
    auto second = fast_at(2);
    second.power = 50_W;
    batch.add(second);
    batch.add(fast_at(3));
    batch.complete();
    const auto power = batch.fast().values(Metric::power);
    ASSERT_EQ(power.size(), 3U);
    EXPECT_TRUE(std::isnan(power[0]));
    EXPECT_EQ(power[1], 50.0);
    EXPECT_TRUE(std::isnan(power[2]));
}

TEST(Batch, AMetricThatWasSaidBeforeKeepsItsColumn) {
    Batch batch;
    auto first = fast_at(1);
    first.power = 50_W;
    first.energy_counter = 7_J;
    batch.add(first);
    batch.complete();
    batch.clear();
    EXPECT_TRUE(batch.empty());
    auto second = fast_at(2);
    second.power = 51_W;
    batch.add(second);
    batch.complete();
    ASSERT_TRUE(batch.fast().has(Metric::energy_counter));
    EXPECT_TRUE(std::isnan(batch.fast().values(Metric::energy_counter).front()));
}

TEST(Batch, SlowMetricsAreInSlowColumnsInSiUnits) {
    Batch batch;
    device::SlowReading reading;
    reading.time = instant_at(1'000);
    reading.temperature = Celsius{61.5};
    reading.utilisation = 0.25;
    reading.memory_used = Bytes{1e9};
    reading.sm_clock = Hertz{1.98e9};
    reading.throttle_reasons = 5U;
    batch.add(reading);
    batch.complete();
    EXPECT_TRUE(batch.fast().empty());
    EXPECT_EQ(batch.slow().size(), 1U);
    EXPECT_EQ(batch.slow().values(Metric::temperature).front(), 61.5);
    EXPECT_EQ(batch.slow().values(Metric::utilisation).front(), 0.25);
    EXPECT_EQ(batch.slow().values(Metric::memory_used).front(), 1e9);
    EXPECT_EQ(batch.slow().values(Metric::sm_clock).front(), 1.98e9);
    EXPECT_EQ(batch.slow().values(Metric::throttle_reasons).front(), 5.0);
    EXPECT_FALSE(batch.slow().has(Metric::memory_temperature));
    EXPECT_FALSE(batch.slow().has(Metric::power));
}

TEST(Batch, MakesATrace) {
    Batch batch;
    for (int i = 1; i <= 100; ++i) {
        auto reading = fast_at(i);
        if (i % 3 != 0) {
            reading.power = 50_W;
        }
        if (i % 5 != 0) {
            reading.energy_counter = 1_J;
        }
        batch.add(reading);
    }
    batch.complete();
    EXPECT_TRUE(Trace::make({}, batch.fast(), batch.slow()));
}

} // namespace
} // namespace joulemark::sampler
