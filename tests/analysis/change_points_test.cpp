#include "analysis/change_points.hpp"
#include "core/random.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstdint>

namespace joulemark::analysis {
namespace {

struct Level {
    std::size_t count;
    double watts;
};

std::vector<double> levels(const std::vector<Level>& parts,
                           double noise,
                           std::uint64_t seed,
                           double phi = 0.0) {
    const RandomStream random{seed, 21};
    std::vector<double> values;
    double x = random.normal(0);
    for (const auto& [count, watts] : parts) {
        for (std::size_t i = 0; i < count; ++i) {
            values.push_back(watts + noise * x);
            x = phi * x + std::sqrt(1.0 - phi * phi) * random.normal(values.size());
        }
    }
    return values;
}

TEST(ChangePoints, WithoutNoiseAreExact) {
    const auto values = levels({{10, 100}, {5, 300}, {7, 200}, {20, 220}}, 0.0, 1);
    EXPECT_EQ(change_points(values, 1.0), (std::vector<std::size_t>{10, 15, 22}));
}

TEST(ChangePoints, OfOneLevelAreNone) {
    EXPECT_TRUE(change_points(std::vector<double>(1000, 5.0), 1.0).empty());
}

TEST(ChangePoints, InNoiseAreFoundToAFewReadings) {
    // 60 W steps in 20 W of noise: the place is known to about (sigma / step)^2 readings.
    const auto values = levels({{400, 400}, {300, 460}, {500, 380}}, 20.0, 2);
    const auto points = change_points(values, 400.0);
    ASSERT_EQ(points.size(), 2U);
    EXPECT_NEAR(static_cast<double>(points[0]), 400, 4);
    EXPECT_NEAR(static_cast<double>(points[1]), 700, 4);
}

TEST(ChangePoints, AShortHighPlateauAtTheBeginningIsFound) {
    const auto values = levels({{12, 600}, {1500, 430}}, 20.0, 3);
    EXPECT_EQ(change_points(values, 400.0), (std::vector<std::size_t>{12}));
}

TEST(ChangePoints, ABumpInTheMiddleHasTwo) {
    const auto values = levels({{2000, 400}, {20, 500}, {2000, 400}}, 20.0, 4);
    const auto points = change_points(values, 400.0);
    ASSERT_EQ(points.size(), 2U);
    EXPECT_NEAR(static_cast<double>(points[0]), 2000, 1);
    EXPECT_NEAR(static_cast<double>(points[1]), 2020, 1);
}

TEST(ChangePoints, OfManyLevelsAreFoundWithinHalfAReading) {
    // 100 series of eight levels that differ by 40 to 100 W, in 20 W of noise.
    double error = 0.0;
    double found = 0.0;
    int miscounted = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const RandomStream random{seed, 22};
        std::vector<Level> parts;
        std::vector<std::size_t> truth;
        std::size_t total = 0;
        double watts = 400.0;
        for (std::uint64_t k = 0; k < 8; ++k) {
            const auto count = static_cast<std::size_t>(20.0 + 200.0 * random.uniform(3 * k));
            watts += (random.uniform(3 * k + 1) < 0.5 ? -1.0 : 1.0) *
                     (40.0 + 60.0 * random.uniform(3 * k + 2));
            parts.push_back({count, watts});
            total += count;
            truth.push_back(total);
        }
        truth.pop_back();
        const auto points = change_points(levels(parts, 20.0, seed), 400.0);
        if (points.size() != truth.size()) {
            ++miscounted;
            continue;
        }
        for (std::size_t i = 0; i < truth.size(); ++i) {
            error += std::abs(static_cast<double>(points[i]) - static_cast<double>(truth[i]));
            found += 1.0;
        }
    }
    EXPECT_LE(miscounted, 2);
    EXPECT_LE(error / found, 0.3);
}

TEST(ChangePoints, WhiteNoiseHasHardlyEverOne) {
    int found = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        found += change_points(levels({{300, 400}}, 20.0, seed), 400.0).empty() ? 0 : 1;
    }
    EXPECT_LE(found, 4);
}

TEST(ChangePoints, CorrelatedNoiseNeedsItsLongRunVariance) {
    constexpr double phi = 0.8;
    int naive = 0;
    int scaled = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const auto values = levels({{300, 400}}, 20.0, seed, phi);
        naive += change_points(values, 400.0).empty() ? 0 : 1;
        scaled += change_points(values, 400.0 * (1 + phi) / (1 - phi)).empty() ? 0 : 1;
    }
    EXPECT_GE(naive, 75);
    EXPECT_LE(scaled, 2);
}

TEST(ChangePoints, OfTooFewValuesOrUnknownNoiseAreNone) {
    EXPECT_TRUE(change_points({}, 1.0).empty());
    EXPECT_TRUE(change_points(std::vector<double>{1, 1, 9}, 1.0).empty());
    EXPECT_TRUE(change_points(std::vector<double>{1, 1, 9, 9}, 0.0).empty());
    EXPECT_TRUE(change_points(std::vector<double>{1, 1, 9, 9}, std::nan("")).empty());
    EXPECT_EQ(change_points(std::vector<double>{1, 1, 90, 90}, 1.0), (std::vector<std::size_t>{2}));
}

RC_GTEST_PROP(ChangePoints, KeepLevelsAsLongAsAsked, ()) {
    const RandomStream random{*rc::gen::arbitrary<std::uint64_t>(), 5};
    const auto count = *rc::gen::inRange<std::size_t>(0, 400);
    const auto shortest = *rc::gen::inRange<std::size_t>(1, 20);
    std::vector<double> values;
    for (std::size_t i = 0; i < count; ++i) {
        values.push_back(100.0 * random.uniform(i / 7) + random.uniform(i + 1000));
    }
    std::size_t previous = 0;
    for (const std::size_t point : change_points(values, 0.1, shortest)) {
        RC_ASSERT(point >= previous + shortest);
        previous = point;
    }
    RC_ASSERT(previous == 0 || count - previous >= shortest);
}

TEST(ChangePoints, AMillionValuesWithThousandsOfChangesAreBounded) {
    std::vector<Level> parts;
    for (int i = 0; i < 2000; ++i) {
        parts.push_back({100, i % 2 == 0 ? 100.0 : 400.0});
    }
    const auto values = levels(parts, 10.0, 6);
    EXPECT_EQ(change_points(values, 100.0).size(), 1999U);
}

} // namespace
} // namespace joulemark::analysis
