#include "core/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>

namespace joulemark {
namespace {

using Block = std::array<std::uint32_t, 4>;

// Known answers of philox4x32 with 10 rounds, from the Random123 distribution (kat_vectors).
TEST(Philox, GivesThePublishedAnswers) {
    EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
              (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    constexpr std::uint32_t all = 0xffffffff;
    EXPECT_EQ(philox4x32({all, all, all, all}, {all, all}),
              (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    EXPECT_EQ(
        philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
        (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStream, IsAPureFunctionOfSeedStreamAndIndex) {
    EXPECT_EQ(RandomStream(1, 2).bits(3), RandomStream(1, 2).bits(3));
    std::set<std::uint64_t> seen;
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        for (std::uint64_t stream = 0; stream < 4; ++stream) {
            for (std::uint64_t index = 0; index < 64; ++index) {
                seen.insert(RandomStream(seed, stream).bits(index));
            }
        }
    }
    EXPECT_EQ(seen.size(), 4U * 4U * 64U);
}

TEST(RandomStream, KeepsAllBitsOfItsKey) {
    constexpr std::uint64_t high = std::uint64_t{1} << 63U;
    EXPECT_NE(RandomStream(0, 0).bits(0), RandomStream(high, 0).bits(0));
    EXPECT_NE(RandomStream(0, 0).bits(0), RandomStream(0, high).bits(0));
    EXPECT_NE(RandomStream(0, 0).bits(0), RandomStream(0, 0).bits(high));
}

TEST(RandomStream, UniformFillsTheUnitInterval) {
    const RandomStream random(7, 0);
    constexpr int count = 100'000;
    constexpr std::size_t bins = 20;
    std::array<int, bins> histogram{};
    for (std::uint64_t i = 0; i < count; ++i) {
        const double u = random.uniform(i);
        ASSERT_GE(u, 0.0);
        ASSERT_LT(u, 1.0);
        ++histogram[static_cast<std::size_t>(u * bins)];
    }
    // Binomial: 5000 +- 5 sqrt(100000 * 0.05 * 0.95).
    for (const int n : histogram) {
        EXPECT_NEAR(n, count / static_cast<int>(bins), 345);
    }
}

TEST(RandomStream, NormalHasTheMomentsOfANormalDistribution) {
    const RandomStream random(7, 1);
    constexpr int count = 200'000;
    std::array<double, 4> moment{};
    for (std::uint64_t i = 0; i < count; ++i) {
        const double x = random.normal(i);
        double power = 1.0;
        for (double& m : moment) {
            m += (power *= x) / count;
        }
    }
    // Five standard errors: sqrt(var(x^k) / n), var = 1, 2, 15, 96 for k = 1..4.
    const double n = count;
    EXPECT_NEAR(moment[0], 0.0, 5 * std::sqrt(1 / n));
    EXPECT_NEAR(moment[1], 1.0, 5 * std::sqrt(2 / n));
    EXPECT_NEAR(moment[2], 0.0, 5 * std::sqrt(15 / n));
    EXPECT_NEAR(moment[3], 3.0, 5 * std::sqrt(96 / n));
}

TEST(RandomStream, NeighbouringNumbersAreUncorrelated) {
    const RandomStream random(3, 9);
    constexpr int count = 100'000;
    double sum = 0.0;
    for (std::uint64_t i = 0; i < count; ++i) {
        sum += random.normal(i) * random.normal(i + 1);
    }
    EXPECT_NEAR(sum / count, 0.0, 5 / std::sqrt(count));
}

} // namespace
} // namespace joulemark
