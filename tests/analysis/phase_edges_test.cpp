#include "analysis/derivatives.hpp"
#include "analysis/phase_edges.hpp"
#include "analysis/phase_inference.hpp"
#include "analysis/synthetic_trace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace joulemark::analysis {
namespace {

using testing::window_of;

constexpr double step_s = 0.05;

UniformGrid grid_of_nodes(std::vector<double> watts) {
    UniformGrid grid;
    grid.window = window_of(0, step_s * static_cast<double>(watts.size() - 1));
    grid.valid.assign(watts.size(), 1);
    grid.power_watts = std::move(watts);
    return grid;
}

// 2 s at 60 W, a rise of `seconds` to 460 W, 4 s there, noise on all of it.
UniformGrid rise(double seconds, double noise) {
    const RandomStream random{3, 30};
    std::vector<double> watts;
    for (std::size_t i = 0; i < 160; ++i) {
        const double t = step_s * static_cast<double>(i) - 2.0;
        const double share = seconds > 0.0 ? std::clamp(t / seconds, 0.0, 1.0)
                             : t > 0.0     ? 1.0
                                           : 0.0;
        watts.push_back(60.0 + 400.0 * share + noise * random.normal(i));
    }
    return grid_of_nodes(std::move(watts));
}

std::optional<Edge> edge_in(const UniformGrid& grid, std::size_t foot, std::size_t bound) {
    const EdgeRule rule{WattsPerSecond{80.0}, Seconds{0.6}, Seconds{0.175}, 5_W};
    return find_edge(grid, slopes(grid, rule.slope_window), rule, foot, bound);
}

TEST(FindEdge, OfALinearRiseHasBothEnds) {
    for (const double seconds : {0.4, 1.0, 2.0}) {
        const auto found = edge_in(rise(seconds, 5.0), 41, 159);
        ASSERT_TRUE(found) << seconds;
        EXPECT_TRUE(found->resolved);
        EXPECT_NEAR(step_s * static_cast<double>(found->foot), 2.0, 0.1 + 0.05 * seconds);
        EXPECT_NEAR(step_s * static_cast<double>(found->top), 2.0 + seconds, 0.1 + 0.05 * seconds);
        EXPECT_NEAR(found->rate.value(), 400.0 / seconds, 0.15 * 400.0 / seconds);
        EXPECT_NEAR(found->height.value(), 400, 20);
    }
}

TEST(FindEdge, OfAFallIsTheRiseReadBackwards) {
    UniformGrid grid = rise(1.0, 5.0);
    std::ranges::reverse(grid.power_watts);
    const auto found = edge_in(grid, 118, 0);
    ASSERT_TRUE(found);
    EXPECT_NEAR(step_s * static_cast<double>(found->foot), 7.95 - 2.0, 0.15);
    EXPECT_NEAR(step_s * static_cast<double>(found->top), 7.95 - 3.0, 0.15);
    EXPECT_NEAR(found->rate.value(), -400, 60);
}

TEST(FindEdge, AStepIsUnresolvedAndBoundedFromBelow) {
    const auto found = edge_in(rise(0.0, 5.0), 40, 159);
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->resolved);
    EXPECT_GE(found->rate.value(), 350.0 / 0.15);
}

TEST(FindEdge, ADriftIsNoEdge) { EXPECT_FALSE(edge_in(rise(30.0, 2.0), 41, 159)); }

TEST(FindEdge, ANarrowBurstHasATopOfItsOwn) {
    std::vector<double> watts(40, 60.0);
    watts[20] = watts[21] = watts[22] = 500.0;
    const auto found = edge_in(grid_of_nodes(watts), 19, 23);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->top, 20U);
    EXPECT_NEAR(found->height.value(), 440, 1);
}

TEST(FindEdge, AGapHidesIt) {
    UniformGrid grid = rise(1.0, 5.0);
    grid.valid[45] = 0;
    EXPECT_FALSE(edge_in(grid, 41, 159));
    EXPECT_FALSE(edge_in(grid, 41, 41));
}

std::vector<double> plateaus(std::size_t opening, double high, std::size_t rest, double noise) {
    const RandomStream random{5, 31};
    std::vector<double> watts;
    for (std::size_t i = 0; i < opening + rest; ++i) {
        watts.push_back((i < opening ? high : 430.0) + noise * random.normal(i));
    }
    return watts;
}

TEST(PrefillEnd, IsWhereTheOpeningPlateauEnds) {
    EXPECT_EQ(prefill_end(plateaus(20, 600, 400, 20), 25_ms, 25_ms, 40_W), 20U);
    EXPECT_EQ(prefill_end(plateaus(3, 600, 30, 5), 100_ms, 100_ms, 40_W), 3U);
}

TEST(PrefillEnd, IsFoundInAVeryLongStretch) {
    EXPECT_EQ(prefill_end(plateaus(40, 600, 200'000, 20), 25_ms, 25_ms, 40_W), 40U);
    const auto minutes = prefill_end(plateaus(20'000, 600, 200'000, 20), 25_ms, 25_ms, 40_W);
    ASSERT_TRUE(minutes);
    EXPECT_NEAR(static_cast<double>(*minutes), 20'000, 60);
}

TEST(PrefillEnd, OfAnEvenOrNoisyPlateauIsNone) {
    for (const double noise : {0.0, 5.0, 60.0}) {
        EXPECT_FALSE(prefill_end(plateaus(0, 0, 1000, noise), 25_ms, 25_ms, 40_W)) << noise;
    }
}

TEST(PrefillEnd, NeedsAnOpeningThatIsHigherAndShorterThanTheRest) {
    EXPECT_FALSE(prefill_end(plateaus(50, 300, 400, 10), 25_ms, 25_ms, 40_W));
    EXPECT_FALSE(prefill_end(plateaus(400, 600, 50, 10), 25_ms, 25_ms, 40_W));
    EXPECT_FALSE(prefill_end(plateaus(50, 450, 400, 10), 25_ms, 25_ms, 40_W));
}

TEST(PrefillEnd, ASlowDeclineIsNone) {
    const RandomStream random{7, 32};
    std::vector<double> watts;
    for (std::size_t i = 0; i < 2000; ++i) {
        watts.push_back(430.0 + 150.0 * std::exp(-static_cast<double>(i) / 300.0) +
                        5.0 * random.normal(i));
    }
    EXPECT_FALSE(prefill_end(watts, 25_ms, 25_ms, 40_W));
}

TEST(PrefillEnd, ADeclineToAPlateauIsNone) {
    const RandomStream random{8, 32};
    std::vector<double> watts;
    for (std::size_t i = 0; i < 2000; ++i) {
        const double decline = std::max(0.0, 1.0 - static_cast<double>(i) / 400.0);
        watts.push_back(430.0 + 170.0 * decline + 5.0 * random.normal(i));
    }
    EXPECT_FALSE(prefill_end(watts, 25_ms, 25_ms, 40_W));
}

TEST(PrefillEnd, IsTheEndOfTheFirstOfSeveralPlateaus) {
    std::vector<double> watts;
    const auto hold = [&](std::size_t count, double level) {
        watts.insert(watts.end(), count, level);
    };
    hold(20, 600);
    hold(20, 400);
    hold(20, 600);
    hold(400, 430);
    EXPECT_EQ(prefill_end(watts, 25_ms, 25_ms, 40_W), 20U);
}

TEST(PrefillEnd, IsFoundInCorrelatedNoise) {
    // 2 s at 80 W above the rest, in 30 W of noise whose neighbours correlate with 0.8: 4.5
    // standard errors, of which 4 are asked for.
    int found = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const RandomStream random{seed, 34};
        std::vector<double> watts;
        double x = random.normal(0);
        for (std::size_t i = 0; i < 600; ++i) {
            watts.push_back((i < 80 ? 510.0 : 430.0) + 30.0 * x);
            x = 0.8 * x + 0.6 * random.normal(i + 1);
        }
        const auto end = prefill_end(watts, 25_ms, 25_ms, 40_W);
        found += end && *end > 70 && *end < 90 ? 1 : 0;
    }
    EXPECT_GE(found, 160);
}

TEST(PrefillEnd, CorrelatedNoiseIsNotTakenForOne) {
    int found = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const RandomStream random{seed, 33};
        std::vector<double> watts;
        double x = random.normal(0);
        for (std::size_t i = 0; i < 400; ++i) {
            watts.push_back(430.0 + 40.0 * x);
            x = 0.9 * x + std::sqrt(1.0 - 0.81) * random.normal(i + 1);
        }
        found += prefill_end(watts, 25_ms, 25_ms, 40_W) ? 1 : 0;
    }
    EXPECT_LE(found, 4);
}

} // namespace
} // namespace joulemark::analysis
