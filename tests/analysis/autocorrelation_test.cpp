#include "analysis/autocorrelation.hpp"
#include "core/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace joulemark::analysis {
namespace {

// x_i = phi x_i-1 + sqrt(1 - phi^2) e_i: unit variance, g_k = phi^k, so that
// 2 tau / h = (1 + phi) / (1 - phi).
std::vector<double> autoregressive(double phi, std::size_t count, std::uint64_t seed) {
    const RandomStream noise{seed, 11};
    std::vector<double> values{noise.normal(0)};
    for (std::size_t i = 1; i < count; ++i) {
        values.push_back(phi * values.back() + std::sqrt(1.0 - phi * phi) * noise.normal(i));
    }
    return values;
}

TEST(Autocorrelation, OfWhiteNoiseLeavesEveryValueIndependent) {
    const auto found = autocorrelation(autoregressive(0.0, 20'000, 1), 100_ms);
    ASSERT_TRUE(found);
    EXPECT_NEAR(found->variance, 1.0, 0.05);
    EXPECT_NEAR(found->tau.value(), 0.05, 0.005);
    EXPECT_NEAR(found->effective_samples, 20'000, 2000);
    EXPECT_NEAR(found->effective_variance_samples, 20'000, 2000);
}

TEST(Autocorrelation, OfAnAutoregressionIsTheKnownTime) {
    for (const double phi : {0.5, 0.8, 0.95, 0.99}) {
        const auto found = autocorrelation(autoregressive(phi, 100'000, 2), 20_ms);
        ASSERT_TRUE(found);
        const double expected = 0.5 * 0.02 * (1.0 + phi) / (1.0 - phi);
        EXPECT_NEAR(found->tau.value(), expected, 0.15 * expected) << phi;
        const double squares = (1.0 + phi * phi) / (1.0 - phi * phi);
        EXPECT_NEAR(found->effective_variance_samples, 1e5 / squares, 0.15 * 1e5 / squares) << phi;
    }
}

TEST(Autocorrelation, LongerThanTheLagsIsFoundByAveraging) {
    const double phi = 0.998; // 2 tau = 1000 steps, far beyond 256 lags
    const auto found = autocorrelation(autoregressive(phi, 300'000, 3), 10_ms);
    ASSERT_TRUE(found);
    EXPECT_NEAR(found->tau.value(), 5.0, 1.0);
}

TEST(Autocorrelation, ScalesWithTheStepAndTheUnit) {
    std::vector<double> values = autoregressive(0.7, 5000, 4);
    const auto plain = autocorrelation(values, 1_s);
    for (double& v : values) {
        v = 300.0 + 20.0 * v;
    }
    const auto scaled = autocorrelation(values, 10_ms);
    ASSERT_TRUE(plain && scaled);
    EXPECT_NEAR(scaled->tau.value(), 0.01 * plain->tau.value(), 1e-9);
    EXPECT_NEAR(scaled->variance, 400.0 * plain->variance, 1e-6);
    EXPECT_NEAR(scaled->effective_samples, plain->effective_samples, 1e-6);
}

TEST(Autocorrelation, ValuesThatAreNotValidDoNotCount) {
    std::vector<double> values = autoregressive(0.8, 40'000, 5);
    const auto whole = autocorrelation(values, 1_s);
    std::vector<std::uint8_t> valid(values.size(), 1);
    const RandomStream random{6, 1};
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (random.uniform(i) < 0.3) {
            valid[i] = 0;
            values[i] = 1e6;
        }
    }
    const auto found = autocorrelation(values, 1_s, valid);
    ASSERT_TRUE(whole && found);
    EXPECT_NEAR(found->tau.value(), whole->tau.value(), 0.1 * whole->tau.value());
    EXPECT_NEAR(found->variance, whole->variance, 0.05);
    EXPECT_LT(found->effective_samples, 0.8 * whole->effective_samples);
}

TEST(Autocorrelation, AlternationIsNotCreditedBeyondIndependence) {
    std::vector<double> values;
    for (int i = 0; i < 1000; ++i) {
        values.push_back(i % 2 == 0 ? 1.0 : -1.0);
    }
    const auto found = autocorrelation(values, 1_s);
    ASSERT_TRUE(found);
    EXPECT_LE(found->effective_samples, 1000.0);
    EXPECT_NEAR(found->tau.value(), 0.5, 0.005);
}

TEST(Autocorrelation, ATrendHasHardlyAnIndependentValue) {
    std::vector<double> values;
    for (int i = 0; i < 5000; ++i) {
        values.push_back(0.01 * i);
    }
    const auto found = autocorrelation(values, 1_s);
    ASSERT_TRUE(found);
    EXPECT_LT(found->effective_samples, 3.0);
}

TEST(Autocorrelation, OfTooFewOrEqualValuesIsUnknown) {
    EXPECT_FALSE(autocorrelation({}, 1_s));
    EXPECT_FALSE(autocorrelation(autoregressive(0.0, 7, 1), 1_s));
    EXPECT_FALSE(autocorrelation(std::vector<double>(100, 5.0), 1_s));
    const std::vector<double> values = autoregressive(0.0, 20, 1);
    EXPECT_FALSE(autocorrelation(values, 1_s, std::vector<std::uint8_t>(20, 0)));
}

} // namespace
} // namespace joulemark::analysis
