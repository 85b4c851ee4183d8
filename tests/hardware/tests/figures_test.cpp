#include "device/registry.hpp"
#include "hardware/figures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace joulemark::hardware {
namespace {

using std::chrono::milliseconds;

// A value polled every millisecond that changes as `at` says.
template <class F>
void poll(std::vector<Instant>& time, std::vector<double>& values, int polls, F at) {
    for (int i = 0; i < polls; ++i) {
        time.push_back(instant_at(0) + milliseconds{i});
        values.push_back(at(i));
    }
}

TEST(ChangeSpacing, ARegularRegisterHasItsPeriod) {
    std::vector<Instant> time;
    std::vector<double> values;
    poll(time, values, 2000, [](int i) { return std::floor(i / 100.0); });
    const auto spacing = change_spacing(time, values);
    ASSERT_TRUE(spacing);
    EXPECT_EQ(spacing->changes, 19U);
    EXPECT_NEAR(spacing->p50.value(), 0.1, 1e-9);
    EXPECT_NEAR(spacing->period.value(), 0.1, 1e-9);
}

TEST(ChangeSpacing, RepeatedValuesDoNotStretchThePeriod) {
    std::vector<Instant> time;
    std::vector<double> values;
    // Refreshed every 100 ms; most refreshes repeat the value, so that the median spacing is twice
    // the period.
    poll(time, values, 20'000, [](int i) {
        const int refresh = i / 100;
        return static_cast<double>(refresh % 5 == 0 ? refresh : refresh - refresh % 5 % 2);
    });
    const auto spacing = change_spacing(time, values);
    ASSERT_TRUE(spacing);
    EXPECT_NEAR(spacing->period.value(), 0.1, 1e-3);
    EXPECT_GT(spacing->p50.value(), 0.15);
}

TEST(ChangeSpacing, AConstantValueSaysNothingAboutItsPeriod) {
    std::vector<Instant> time;
    std::vector<double> values;
    poll(time, values, 1000, [](int) { return 70.0; });
    EXPECT_FALSE(change_spacing(time, values));
    EXPECT_FALSE(change_spacing({}, {}));
}

TEST(ChangeSpacing, MissingReadingsAreNotChanges) {
    std::vector<Instant> time;
    std::vector<double> values;
    poll(time, values, 1000, [](int i) {
        return i % 7 == 0 ? missing_reading : std::floor(i / 50.0);
    });
    EXPECT_NEAR(change_spacing(time, values)->period.value(), 0.05, 1e-3);
}

TEST(Percentiles, AreOfTheSortedValues) {
    std::vector<Nanoseconds> values;
    for (int i = 100; i >= 1; --i) {
        values.emplace_back(i);
    }
    EXPECT_EQ(percentiles(values)->p99, Nanoseconds{99});
    EXPECT_EQ(percentiles(values)->max, Nanoseconds{100});
    EXPECT_FALSE(percentiles({}));
}

TEST(SpreadOf, LeavesOutWhatIsMissing) {
    const std::vector<double> values = {missing_reading, 2.0, 4.0};
    EXPECT_EQ(spread(values)->readings, 2U);
    EXPECT_DOUBLE_EQ(spread(values)->mean, 3.0);
    EXPECT_DOUBLE_EQ(spread(values)->lowest, 2.0);
    EXPECT_FALSE(spread(std::vector<double>{missing_reading}));
}

// Polls a simulated GPU, whose sensor is known, for 30 s at 1 kHz.
class OnASimulatedGpu : public testing::Test {
protected:
    OnASimulatedGpu() {
        clock_.set_auto_advance(true);
        where_.clock = &clock_;
        where_.seed = 7;
        gpu_ = std::move(device::open("sim:h200", where_)->front());
        gpu_->note_workload(true);
        recording_ = record_for(*gpu_, clock_, milliseconds{1}, std::chrono::seconds{30});
    }
    ManualClock clock_;
    device::Surroundings where_;
    std::unique_ptr<device::Device> gpu_;
    Recording recording_;
};

TEST_F(OnASimulatedGpu, UpdatePeriodAndTickAreFound) {
    const auto& fast = recording_.fast;
    const auto power = change_spacing(fast.time, fast.values(Metric::power));
    const auto counter = change_spacing(fast.time, fast.values(Metric::energy_counter));
    ASSERT_TRUE(power);
    ASSERT_TRUE(counter);
    EXPECT_NEAR(power->period.value(), gpu_->info().power_sensor->update_period->value(), 0.002);
    EXPECT_NEAR(counter->period.value(), gpu_->info().counter->tick->value(), 0.002);
}

TEST_F(OnASimulatedGpu, EveryMethodFindsAboutTheSameEnergyOfASteadyLoad) {
    const Instant begin = recording_.fast.time.front();
    const Window window{begin + std::chrono::seconds{10}, begin + std::chrono::seconds{20}};
    std::map<std::string, std::optional<Joules>> by_method;
    for (const MethodEnergy& m : energies(gpu_->info(), recording_, window)) {
        by_method[m.method] = m.energy;
    }
    const auto estimate = by_method.at("joulemark");
    ASSERT_TRUE(estimate);
    ASSERT_GT(*estimate, 0_J);
    for (const char* method : {"energy counter, read at the edges", "power readings, integrated"}) {
        ASSERT_TRUE(by_method.at(method)) << method;
        EXPECT_NEAR(*by_method.at(method) / *estimate, 1.0, 0.1) << method;
    }
}

TEST_F(OnASimulatedGpu, NoDeadlineIsMissedWhenTimeStandsStillBetweenThem) {
    EXPECT_EQ(recording_.missed, 0U);
    EXPECT_EQ(recording_.failed, 0U);
    EXPECT_NEAR(static_cast<double>(recording_.fast.size()), 30'000.0, 2.0);
    EXPECT_NEAR(static_cast<double>(recording_.slow.size()), 60.0, 1.0);
}

} // namespace
} // namespace joulemark::hardware
