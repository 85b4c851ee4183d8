#include "analysis/power_levels.hpp"
#include "analysis/synthetic_trace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace joulemark::analysis {
namespace {

using testing::at_seconds;
using testing::Load;
using testing::observe;
using testing::Readings;
using testing::Sensor;
using testing::window_of;

PowerLevels levels_of(const Load& load, const Sensor& sensor, LevelHints hints = {}) {
    const Readings readings = observe(load, sensor, 17);
    hints.sensor = sensor.limits();
    const auto grid = node_means(readings.view(), readings.extent(), Seconds{sensor.update});
    return find_levels(*grid, hints);
}

LevelHints with_limit(double watts) {
    LevelHints hints;
    hints.power_limit = Watts{watts};
    return hints;
}

constexpr Sensor noisy{.noise = 20.0};
constexpr Sensor calm{.interval = 0.1, .update = 0.1, .noise = 0.5};

TEST(FindLevels, OfARunThatBeginsIdle) {
    Load load;
    load.hold(5, 60).hold(30, 450);
    const PowerLevels levels = levels_of(load, noisy);
    ASSERT_TRUE(levels.idle && levels.active);
    EXPECT_NEAR(levels.idle->value(), 60, 4);
    EXPECT_NEAR(levels.active->value(), 450, 4);
    EXPECT_NEAR(levels.span().value(), 390, 15);
    EXPECT_EQ(levels.idle_source, Source::estimated);
}

TEST(FindLevels, OfAnHourWithTenSecondsOfRest) {
    Load load;
    load.hold(1800, 400).hold(10, 70).hold(1800, 400);
    const PowerLevels levels = levels_of(load, {.interval = 0.1, .update = 0.1, .noise = 15.0});
    ASSERT_TRUE(levels.idle);
    EXPECT_NEAR(levels.idle->value(), 70, 10);
}

TEST(FindLevels, OfARunThatNeverRestsHaveNoIdle) {
    Load load;
    load.hold(60, 430);
    for (const LevelHints& hints : {LevelHints{}, with_limit(700)}) {
        const PowerLevels levels = levels_of(load, noisy, hints);
        EXPECT_FALSE(levels.idle);
        ASSERT_TRUE(levels.active);
        EXPECT_NEAR(levels.active->value(), 430, 3);
    }
}

TEST(FindLevels, DipsBetweenBatchesAreNotRest) {
    Load load;
    for (int i = 0; i < 40; ++i) {
        load.hold(6, 250).hold(1, 140);
    }
    EXPECT_FALSE(levels_of(load, {.interval = 0.1, .update = 0.1, .noise = 4.0}).idle);
}

TEST(FindLevels, OfARunThatOnlyRestsHaveNoActive) {
    Load load;
    load.hold(60, 62);
    for (const LevelHints& hints : {LevelHints{}, with_limit(700)}) {
        const PowerLevels levels = levels_of(load, calm, hints);
        ASSERT_TRUE(levels.idle);
        EXPECT_NEAR(levels.idle->value(), 62, 0.5);
        EXPECT_FALSE(levels.active);
        EXPECT_EQ(levels.span(), 0_W);
    }
}

TEST(FindLevels, NoisyRestIsKnownByTheLimit) {
    Load load;
    load.hold(60, 62);
    EXPECT_FALSE(levels_of(load, noisy, with_limit(700)).active);
}

TEST(FindLevels, NoisyRestIsKnownByTheBaseline) {
    Load load;
    load.hold(60, 62);
    LevelHints hints;
    hints.idle_power = 60_W;
    const PowerLevels levels = levels_of(load, noisy, hints);
    EXPECT_EQ(levels.idle, 60_W);
    EXPECT_EQ(levels.idle_source, Source::measured);
    EXPECT_FALSE(levels.active);
}

TEST(FindLevels, ADeviceThatHoldsAModelRestsHigher) {
    Load load;
    load.hold(10, 70).hold(20, 123).hold(10, 600).hold(20, 123);
    const PowerLevels levels = levels_of(load, calm, with_limit(700));
    ASSERT_TRUE(levels.idle_top && levels.active);
    EXPECT_NEAR(levels.idle_top->value(), 123, 2);
    EXPECT_NEAR(levels.idle->value(), 123, 2);
    EXPECT_NEAR(levels.active->value(), 600, 5);
}

TEST(FindLevels, FastLightBurstsAreNotRestHoweverNoisyTheWork) {
    Readings readings;
    const RandomStream random{4, 50};
    for (std::size_t i = 0; i <= 900; ++i) {
        const double noise = random.normal(i);
        const double burst = (i / 2) % 2 == 0 ? 105.0 : 45.0;
        const double watts = i < 100 ? 45.0 + 0.2 * noise : i < 300 ? burst : 430.0 + 25.0 * noise;
        readings.add(0.1 * static_cast<double>(i), watts);
    }
    const auto grid = node_means(readings.view(), readings.extent(), 100_ms);
    const PowerLevels levels = find_levels(*grid, {});
    ASSERT_TRUE(levels.idle_top);
    EXPECT_NEAR(levels.idle_top->value(), 45, 1);
}

TEST(FindLevels, ALightLoadIsToldFromRest) {
    Load load;
    load.hold(20, 76).hold(30, 142).hold(10, 76);
    const PowerLevels levels = levels_of(load, calm, with_limit(700));
    ASSERT_TRUE(levels.idle && levels.active);
    EXPECT_NEAR(levels.idle->value(), 76, 1);
    EXPECT_NEAR(levels.active->value(), 142, 1);
}

TEST(FindLevels, ALowPlateauAwayFromAGivenRestIsWork) {
    Load load;
    for (int i = 0; i < 10; ++i) {
        load.hold(2, 150).hold(2, 600);
    }
    LevelHints hints;
    hints.idle_power = 60_W;
    const PowerLevels levels = levels_of(load, noisy, hints);
    EXPECT_EQ(levels.idle_top, 60_W);
}

TEST(FindLevels, UtilisationDecidesWhatWattsCannot) {
    Load load;
    load.hold(60, 180);
    std::vector<Instant> time;
    for (int i = 0; i <= 60; ++i) {
        time.push_back(at_seconds(i));
    }
    const std::vector<double> zero(time.size(), 0.0);
    std::vector<double> busy(time.size(), 0.97);
    busy[3] = missing_reading;
    LevelHints hints;
    hints.utilisation = {time, zero};
    EXPECT_FALSE(levels_of(load, calm, hints).active);
    hints.utilisation = {time, busy};
    EXPECT_FALSE(levels_of(load, calm, hints).idle);
    Load low;
    low.hold(60, 62);
    EXPECT_FALSE(levels_of(low, calm, hints).idle);
}

TEST(FindLevels, AnEvenReadingOfAnAveragingSensorIsNoProofOfRest) {
    Load load;
    load.hold(60, 90);
    const Sensor averaging{.interval = 0.1, .update = 0.1, .window = 1.0, .noise = 0.2};
    EXPECT_FALSE(levels_of(load, averaging).idle);
    EXPECT_TRUE(levels_of(load, calm).idle);
}

TEST(FindLevels, GapsAreLeftOut) {
    Readings readings;
    for (int i = 0; i <= 600; ++i) {
        readings.add(0.1 * i, i < 200 ? 60.0 : i < 400 ? 5000.0 : 300.0);
    }
    readings.gaps.push_back({window_of(19.9, 40), GapReason::device_lost});
    const auto grid = node_means(readings.view(), readings.extent(), 100_ms);
    const PowerLevels levels = find_levels(*grid, {});
    EXPECT_NEAR(levels.high.value(), 300, 1);
    EXPECT_NEAR(levels.idle->value(), 60, 1);
    for (std::size_t k = 201; k < 400; ++k) {
        readings.watts[k] = 0.0;
    }
    const auto dead = node_means(readings.view(), readings.extent(), 100_ms);
    EXPECT_NEAR(find_levels(*dead, {}).idle->value(), 60, 1);
    UniformGrid unseen = *grid;
    std::ranges::fill(unseen.valid, std::uint8_t{0});
    EXPECT_FALSE(find_levels(unseen, {}).idle);
    EXPECT_FALSE(find_levels(unseen, {}).active);
}

} // namespace
} // namespace joulemark::analysis
