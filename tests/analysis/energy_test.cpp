#include "analysis/energy.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace joulemark::analysis {
namespace {

Instant at_ms(double ms) { return instant_at(static_cast<std::int64_t>(std::llround(ms * 1e6))); }

// Polled every 20 ms for 6 s: a register refreshed every 100 ms with the mean of its last 25 ms,
// and a counter that ticks every 100 ms. `power` is watts over milliseconds; integrals are sums
// over 1 ms.
class Recording {
public:
    explicit Recording(std::function<double(double)> power) {
        cumulative_.push_back(0.0);
        for (int ms = 0; ms < length_ms; ++ms) {
            cumulative_.push_back(cumulative_.back() + power(ms + 0.5) * 1e-3);
        }
        for (double t = 200.0; t < length_ms; t += 20.0) {
            columns_.time.push_back(at_ms(t));
            const double refresh = std::floor((t - 41.0) / 100.0) * 100.0 + 41.0;
            columns_.values(Metric::power)
                .push_back((joules_until(refresh) - joules_until(refresh - 25.0)) / 0.025);
            const double tick = std::floor((t - 77.0) / 100.0) * 100.0 + 77.0;
            columns_.values(Metric::energy_counter).push_back(5000.0 + joules_until(tick));
        }
        device_.name = "nvml:0";
        device_.idle_power = Watts{70.0};
        device_.power_limit = Watts{700.0};
        device_.power_sensor = SensorProfile{
            "instant", Seconds{0.1}, Seconds{0.025}, Seconds{0.0}, 0.05, Source::measured};
        device_.counter = CounterProfile{"counter", Seconds{0.1}, 0.05, Source::measured};
    }

    [[nodiscard]] double joules_until(double ms) const {
        const double clamped = std::clamp(ms, 0.0, static_cast<double>(length_ms));
        const auto whole = static_cast<std::size_t>(clamped);
        const double next =
            whole + 1 < cumulative_.size() ? cumulative_[whole + 1] : cumulative_[whole];
        return cumulative_[whole] +
               (clamped - static_cast<double>(whole)) * (next - cumulative_[whole]);
    }
    [[nodiscard]] double truth(Window w) const {
        return joules_until(static_cast<double>(count_ns(w.end)) * 1e-6) -
               joules_until(static_cast<double>(count_ns(w.begin)) * 1e-6);
    }
    Columns& columns() { return columns_; }
    DeviceInfo& device() { return device_; }
    [[nodiscard]] Trace trace(SamplingReport report = {}) const {
        TraceInfo info;
        info.device = device_;
        info.interval = std::chrono::milliseconds(20);
        return Trace::make(info, columns_, {}, std::move(report)).value();
    }

private:
    static constexpr int length_ms = 6000;
    std::vector<double> cumulative_;
    Columns columns_;
    DeviceInfo device_;
};

bool has(const EnergyResult& result, WarningCode code) {
    return std::ranges::any_of(result.warnings, [&](const Warning& w) { return w.code == code; });
}

const Window one_second{at_ms(2033), at_ms(3041)};

TEST(EstimateEnergy, ASteadyLoadIsRightToATenthOfAPercentWhereRawCounterReadsAreOffByPercents) {
    const Recording recording([](double) { return 400.0; });
    const EnergyResult result = estimate_energy(recording.trace(), one_second);
    ASSERT_TRUE(result.energy.has_value());
    EXPECT_EQ(result.method, EnergyMethod::counter);
    const double truth = recording.truth(one_second);
    EXPECT_NEAR(result.energy->value.value(), truth, 1e-3 * truth);
    ASSERT_TRUE(result.energy->interval.has_value());
    EXPECT_LT(result.energy->interval->low.value(), truth);
    EXPECT_GT(result.energy->interval->high.value(), truth);
    EXPECT_NEAR(*result.disagreement, 0.0, 1e-6);
    EXPECT_TRUE(result.warnings.empty());
}

TEST(EstimateEnergy, TermsAddInQuadratureToTheIntervalAndOnlyTheGainIsCommon) {
    const Recording recording([](double t) { return t < 2500 ? 150.0 : 600.0; });
    const EnergyResult result = estimate_energy(recording.trace(), one_second);
    double squares = 0.0;
    double repeatable = 0.0;
    for (const UncertaintyTerm& term : result.terms) {
        squares += std::pow(term.half_width.value(), 2);
        if (!term.common) {
            repeatable += std::pow(term.half_width.value(), 2);
        }
        EXPECT_EQ(term.common, term.name == "sensor_gain") << term.name;
    }
    const double half = (result.energy->interval->high - result.energy->interval->low).value() / 2;
    EXPECT_NEAR(half, std::sqrt(squares), 1e-9 * half);
    const double narrow = (result.repeatability->high - result.repeatability->low).value() / 2;
    EXPECT_NEAR(narrow, std::sqrt(repeatable), 1e-9 * half);
}

TEST(EstimateEnergy, WithoutACounterPowerIsIntegratedAndTheReasonIsGiven) {
    Recording recording([](double) { return 400.0; });
    recording.columns().values(Metric::energy_counter).clear();
    const EnergyResult result = estimate_energy(recording.trace(), one_second);
    EXPECT_EQ(result.method, EnergyMethod::integrated_power);
    EXPECT_TRUE(has(result, WarningCode::no_counter));
    EXPECT_TRUE(has(result, WarningCode::aliasing_possible));
    EXPECT_FALSE(result.by_counter.has_value());
    EXPECT_NEAR(result.energy->value.value(), recording.truth(one_second), 0.5);
}

TEST(EstimateEnergy, WithoutAnyReadingEnergyIsUnknownAndNeverZero) {
    Recording recording([](double) { return 400.0; });
    recording.columns().values(Metric::energy_counter).clear();
    std::ranges::fill(recording.columns().values(Metric::power), missing_reading);
    const EnergyResult result = estimate_energy(recording.trace(), one_second);
    EXPECT_FALSE(result.energy.has_value());
    EXPECT_EQ(result.method, EnergyMethod::none);
    EXPECT_TRUE(has(result, WarningCode::no_power));
}

TEST(EstimateEnergy, ACounterResetInsideTheWindowIsRefusedAndPowerTakesOver) {
    Recording recording([](double) { return 400.0; });
    auto& counter = recording.columns().values(Metric::energy_counter);
    for (std::size_t i = 0; i < counter.size(); ++i) {
        if (recording.columns().time[i] > at_ms(2500)) {
            counter[i] -= 5700.0;
        }
    }
    const EnergyResult result = estimate_energy(recording.trace(), one_second);
    EXPECT_EQ(result.method, EnergyMethod::integrated_power);
    EXPECT_TRUE(has(result, WarningCode::counter_reset));
    EXPECT_NEAR(result.energy->value.value(), recording.truth(one_second), 1.0);
}

TEST(EstimateEnergy, ACounterResetOutsideTheWindowDoesNoHarm) {
    Recording recording([](double) { return 400.0; });
    auto& counter = recording.columns().values(Metric::energy_counter);
    for (std::size_t i = 0; i < counter.size(); ++i) {
        if (recording.columns().time[i] > at_ms(5000)) {
            counter[i] -= 6900.0;
        }
    }
    const EnergyResult result = estimate_energy(recording.trace(), one_second);
    EXPECT_EQ(result.method, EnergyMethod::counter);
    EXPECT_NEAR(result.energy->value.value(), recording.truth(one_second), 0.5);
}

TEST(EstimateEnergy, AConstantCounterIsNotZeroJoules) {
    Recording recording([](double) { return 400.0; });
    std::ranges::fill(recording.columns().values(Metric::energy_counter), 5000.0);
    const EnergyResult result = estimate_energy(recording.trace(), one_second);
    EXPECT_TRUE(has(result, WarningCode::counter_constant));
    EXPECT_NEAR(result.energy->value.value(), recording.truth(one_second), 0.5);
}

TEST(EstimateEnergy, AWindowShorterThanTheTickIsSaidToBeTooShortWithItsNumber) {
    const Recording recording([](double t) { return std::fmod(t, 70.0) < 35.0 ? 650.0 : 90.0; });
    const EnergyResult result = estimate_energy(recording.trace(), {at_ms(2033), at_ms(2083)});
    ASSERT_TRUE(has(result, WarningCode::window_too_short));
    const auto warning =
        std::ranges::find(result.warnings, WarningCode::window_too_short, &Warning::code);
    EXPECT_NE(warning->message.find("±"), std::string::npos);
    const double truth = recording.truth({at_ms(2033), at_ms(2083)});
    EXPECT_LE(result.energy->interval->low.value(), truth);
    EXPECT_GE(result.energy->interval->high.value(), truth);
}

TEST(EstimateEnergy, ALoadThatHidesFromThePowerSensorIsFoundByTheCounterAndSaid) {
    // 10 Hz: every glance of the sensor falls on the same part of the period.
    const Recording recording([](double t) { return std::fmod(t, 100.0) < 50.0 ? 650.0 : 90.0; });
    const EnergyResult result = estimate_energy(recording.trace(), {at_ms(2033), at_ms(4041)});
    EXPECT_TRUE(has(result, WarningCode::sources_disagree));
    EXPECT_GT(std::abs(*result.disagreement), 0.5);
    const double truth = recording.truth({at_ms(2033), at_ms(4041)});
    EXPECT_NEAR(result.energy->value.value(), truth, 0.03 * truth);
}

TEST(EstimateEnergy, GapsInTheWindowAreReported) {
    Recording recording([](double) { return 400.0; });
    SamplingReport report;
    report.add_gap({{at_ms(2400), at_ms(2700)}, GapReason::missed_deadline});
    const EnergyResult result = estimate_energy(recording.trace(report), one_second);
    EXPECT_TRUE(has(result, WarningCode::gap));
    EXPECT_NEAR(result.gap_time.value(), 0.3, 1e-9);
}

TEST(EstimateEnergy, AHoleWithoutACounterWidensTheIntervalByWhatCouldHaveHappened) {
    Recording recording([](double) { return 400.0; });
    Columns& columns = recording.columns();
    columns.values(Metric::energy_counter).clear();
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns.time[i] > at_ms(2300) && columns.time[i] < at_ms(2800)) {
            columns.values(Metric::power)[i] = missing_reading;
        }
    }
    const EnergyResult result = estimate_energy(recording.trace(), one_second);
    const auto gaps = std::ranges::find(result.terms, std::string("gaps"), &UncertaintyTerm::name);
    ASSERT_NE(gaps, result.terms.end());
    // About half a second somewhere between 56 W and 770 W.
    EXPECT_GT(gaps->half_width.value(), 100.0);
    EXPECT_LT(gaps->half_width.value(), 250.0);
}

TEST(EstimateEnergy, AWindowBeyondTheReadingsSaysSo) {
    Recording recording([](double) { return 400.0; });
    recording.columns().values(Metric::energy_counter).clear();
    const EnergyResult result = estimate_energy(recording.trace(), {at_ms(5000), at_ms(7000)});
    EXPECT_TRUE(has(result, WarningCode::window_not_covered));
    const double half = (result.repeatability->high - result.repeatability->low).value() / 2;
    EXPECT_GT(half, 200.0);
}

TEST(EstimateEnergy, ALongAveragingSensorIsNamed) {
    Recording recording([](double) { return 400.0; });
    recording.device().power_sensor->averaging_window = Seconds{1.0};
    EXPECT_TRUE(has(estimate_energy(recording.trace(), one_second), WarningCode::averaged_sensor));
}

TEST(EstimateEnergy, ASimulatedDeviceGivesSimulatedEnergy) {
    Recording recording([](double) { return 400.0; });
    recording.device().simulated = true;
    EXPECT_EQ(estimate_energy(recording.trace(), one_second).energy->source, Source::simulated);
}

RC_GTEST_PROP(EstimateEnergy, TheIntervalBeforeGainHoldsTheTruthOfAnySlowLoad, ()) {
    const double low = *rc::gen::inRange(80, 300);
    const double high = *rc::gen::inRange(301, 700);
    const double period = *rc::gen::inRange(400, 3000);
    const double begin = *rc::gen::inRange(1000, 2000);
    const double length = *rc::gen::inRange(300, 3000);
    const Recording recording([&](double t) {
        return low + (high - low) * 0.5 * (1.0 + std::sin(2.0 * 3.14159265 * t / period));
    });
    const Window window{at_ms(begin), at_ms(begin + length)};
    const EnergyResult result = estimate_energy(recording.trace(), window);
    const double truth = recording.truth(window);
    RC_ASSERT(result.energy.has_value());
    RC_ASSERT(result.energy->interval->low.value() <= truth);
    RC_ASSERT(result.energy->interval->high.value() >= truth);
}

} // namespace
} // namespace joulemark::analysis
