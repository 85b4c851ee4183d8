#include "analysis/integral.hpp"
#include "analysis/phases.hpp"
#include "analysis/statistics.hpp"
#include "analysis/synthetic_trace.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace joulemark::analysis {
namespace {

using testing::at_seconds;
using testing::Load;
using testing::observe;
using testing::Readings;
using testing::Sensor;
using testing::window_of;

constexpr Sensor noisy{.noise = 20.0};
constexpr Sensor calm{.interval = 0.1, .update = 0.1, .noise = 2.0};
constexpr Sensor averaging{.interval = 0.1, .update = 0.1, .window = 1.0, .noise = 0.5};

PhaseReport phases_of(const Readings& readings,
                      const Sensor& sensor,
                      PhaseOptions options = {},
                      const std::vector<Mark>& marks = {}) {
    options.sensor = sensor.limits();
    return *find_phases(readings.view(), readings.extent(), marks, options);
}

PhaseReport phases_of(const Load& load,
                      const Sensor& sensor,
                      PhaseOptions options = {},
                      std::uint64_t seed = 1) {
    return phases_of(observe(load, sensor, seed), sensor, options);
}

// "idle ramp prefill decode fall idle"
std::string kinds_of(const PhaseReport& report) {
    std::string text;
    for (const Phase& phase : report.phases) {
        text += (text.empty() ? "" : " ") + std::string(to_string(phase.kind));
    }
    return text;
}

double begin_of(const PhaseReport& report, std::size_t phase) {
    return to_seconds(report.phases.at(phase).window.begin - at_seconds(0)).value();
}

const PhaseSummary& summary_of(const PhaseReport& report, PhaseKind kind) {
    return report.summary.at(static_cast<std::size_t>(kind));
}

Load request() {
    Load load;
    load.hold(5, 60).line(2, 60, 620).hold(3, 620).hold(20, 430).line(1.5, 430, 60).hold(5, 60);
    return load;
}

TEST(FindPhases, OfARequestInNoise) {
    int right = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const PhaseReport report = phases_of(request(), noisy, {}, seed);
        if (kinds_of(report) != "idle ramp prefill decode fall idle") {
            continue;
        }
        const bool placed = std::abs(begin_of(report, 1) - 5.0) < 0.3 &&
                            std::abs(begin_of(report, 2) - 7.0) < 0.4 &&
                            std::abs(begin_of(report, 3) - 10.0) < 0.1 &&
                            std::abs(begin_of(report, 4) - 30.0) < 0.3 &&
                            std::abs(begin_of(report, 5) - 31.5) < 0.4;
        right += placed ? 1 : 0;
    }
    EXPECT_GE(right, 49);
}

TEST(FindPhases, TheirFiguresAreThoseOfTheLoad) {
    const PhaseReport report = phases_of(request(), calm);
    ASSERT_EQ(kinds_of(report), "idle ramp prefill decode fall idle");
    const Phase& prefill = report.phases[2];
    const Phase& decode = report.phases[3];
    EXPECT_NEAR(prefill.mean.value(), 620, 10);
    EXPECT_NEAR(decode.mean.value(), 430, 3);
    EXPECT_NEAR(decode.energy.value(), 430 * 20, 150);
    EXPECT_NEAR(*decode.cv, 2.0 / 430.0, 0.004);
    EXPECT_FALSE(decode.ramp_rate);
    EXPECT_TRUE(decode.inferred);
    EXPECT_NEAR(report.phases[1].ramp_rate->value(), 280, 40);
    EXPECT_NEAR(report.phases[4].ramp_rate->value(), -247, 40);
    ASSERT_TRUE(report.levels.idle && report.levels.active);
    EXPECT_NEAR(report.levels.idle->value(), 60, 2);
    EXPECT_NEAR(report.levels.active->value(), 430, 5);
    EXPECT_EQ(report.active, (Window{report.phases[1].window.begin, report.phases[4].window.end}));
}

TEST(FindPhases, SlopeWindowIsStatedAndBeatsTheNoise) {
    const PhaseReport report = phases_of(request(), noisy);
    // A fifth of the span a second; T such that its slope noise is a fifth of that.
    EXPECT_NEAR(report.method.slope_threshold.value(), 0.2 * 370, 5);
    EXPECT_NEAR(report.method.noise.value(), 20, 5);
    EXPECT_NEAR(report.method.slope_window.value(), 0.8, 0.2);
    EXPECT_FALSE(report.method.fixed_thresholds);
}

TEST(FindPhases, StepsAreUnresolvedWithALowerBound) {
    Load load;
    load.hold(5, 60).hold(1, 620).hold(20, 430).hold(5, 60);
    for (const Sensor& sensor : {noisy, calm, averaging}) {
        const PhaseReport report = phases_of(load, sensor);
        ASSERT_EQ(kinds_of(report), "idle prefill decode idle") << sensor.window;
        ASSERT_EQ(report.unresolved.size(), 2U);
        EXPECT_EQ(report.unresolved[0].kind, PhaseKind::ramp);
        EXPECT_EQ(report.unresolved[1].kind, PhaseKind::fall);
        EXPECT_GT(report.unresolved[0].at_least.value(), 300);
        EXPECT_LT(report.unresolved[1].at_least.value(), -300);
        EXPECT_NEAR(to_seconds(report.unresolved[0].time - at_seconds(0)).value(), 5.0, 0.2);
    }
}

TEST(FindPhases, AnAveragingSensorResolvesOnlySlowRamps) {
    Load load;
    load.hold(10, 60).line(3, 60, 560).hold(30, 560).hold(10, 60);
    const PhaseReport report = phases_of(load, averaging);
    ASSERT_EQ(kinds_of(report), "idle ramp decode idle");
    EXPECT_NEAR(report.phases[1].ramp_rate->value(), 140, 20); // 3 s seen as 4
    ASSERT_EQ(report.unresolved.size(), 1U);
    EXPECT_EQ(report.unresolved[0].kind, PhaseKind::fall);
    EXPECT_LE(std::abs(report.unresolved[0].at_least.value()), 525);
}

TEST(FindPhases, OfAnIdleRunAreOneIdlePhase) {
    Load load;
    load.hold(60, 62);
    const PhaseReport report = phases_of(load, {.interval = 0.1, .update = 0.1, .noise = 0.3});
    EXPECT_EQ(kinds_of(report), "idle");
    EXPECT_FALSE(report.steady);
    EXPECT_FALSE(report.active);
    EXPECT_FALSE(report.levels.active);
}

TEST(FindPhases, OfARunThatNeverIdlesAreOneDecode) {
    Load load;
    load.hold(120, 430);
    const PhaseReport report = phases_of(load, noisy);
    EXPECT_EQ(kinds_of(report), "decode");
    EXPECT_EQ(report.unresolved_count, 0U);
    EXPECT_EQ(report.steady, report.phases.front().window);
}

TEST(FindPhases, OfARunThatBeginsInsideARamp) {
    Load load;
    load.line(3, 200, 500).hold(30, 500).hold(5, 60);
    const PhaseReport report = phases_of(load, calm);
    EXPECT_EQ(kinds_of(report), "ramp decode idle");
}

TEST(FindPhases, AnOpeningPrefillOfARunThatNeverIdles) {
    Load load;
    load.hold(2, 600).hold(60, 430);
    const PhaseReport report = phases_of(load, noisy);
    ASSERT_EQ(kinds_of(report), "prefill decode");
    EXPECT_NEAR(begin_of(report, 1), 2.0, 0.1);
}

TEST(FindPhases, OfASquareWaveAlternate) {
    Load load;
    for (int i = 0; i < 10; ++i) {
        load.hold(2, 60).hold(2, 600);
    }
    load.hold(2, 60);
    const PhaseReport report = phases_of(load, noisy);
    EXPECT_EQ(summary_of(report, PhaseKind::decode).count, 10U);
    EXPECT_EQ(summary_of(report, PhaseKind::idle).count, 11U);
    EXPECT_NEAR(summary_of(report, PhaseKind::decode).time.value(), 20, 1.5);
    EXPECT_EQ(report.unresolved_count, 20U);
}

TEST(FindPhases, ShortBurstsAreAllFound) {
    Load load;
    for (int i = 0; i < 20; ++i) {
        load.hold(3, 60).hold(0.2, 600);
    }
    load.hold(3, 60);
    for (const Sensor& sensor : {noisy, calm}) {
        const PhaseReport report = phases_of(load, sensor);
        EXPECT_EQ(summary_of(report, PhaseKind::decode).count, 20U);
        EXPECT_FALSE(report.steady && sensor.interval > 0.05); // all edge, no plateau
    }
}

TEST(FindPhases, DipsShorterThanTheDwellDoNotEndAStretch) {
    Load load;
    load.hold(5, 60);
    for (int i = 0; i < 20; ++i) {
        load.hold(3, 430).hold(0.1, 60);
    }
    load.hold(5, 60);
    const PhaseReport report = phases_of(load, noisy);
    EXPECT_EQ(kinds_of(report), "idle decode idle");
}

TEST(FindPhases, ALightLoadThatLastsIsWork) {
    Load load;
    load.hold(5, 60).hold(20, 600).hold(5, 60).hold(3, 200).hold(5, 60);
    const PhaseReport report = phases_of(load, noisy);
    EXPECT_EQ(kinds_of(report), "idle decode idle decode idle");
}

TEST(FindPhases, ARestlessRestDoesNotFlicker) {
    // 70 and 110 W in turn, 2 and 9 % of the way up: below where rest is entered, and between there
    // and where it is left.
    Load load;
    load.hold(5, 60);
    for (int i = 0; i < 10; ++i) {
        load.hold(0.3, 70).hold(0.3, 110);
    }
    load.hold(5, 60).hold(20, 600);
    for (int i = 0; i < 10; ++i) {
        load.hold(0.3, 110).hold(0.3, 70);
    }
    load.hold(5, 60);
    const PhaseReport report = phases_of(load, {.interval = 0.1, .update = 0.1, .noise = 0.5});
    ASSERT_EQ(summary_of(report, PhaseKind::idle).count, 2U) << kinds_of(report);
    EXPECT_NEAR(begin_of(report, 1), 16.0, 0.2);
    EXPECT_NEAR(begin_of(report, report.phases.size() - 1), 36.4, 0.2);
}

TEST(FindPhases, NoiseAsHighAsTheLoadIsAveragedAway) {
    Load load;
    load.hold(20, 76).hold(30, 142).hold(10, 76);
    PhaseOptions options;
    options.power_limit = 700_W;
    const PhaseReport report = phases_of(load, noisy, options);
    ASSERT_EQ(kinds_of(report), "idle decode idle");
    EXPECT_GT(report.method.step, 100_ms);
    EXPECT_NEAR(begin_of(report, 1), 20.0, 0.5);
    EXPECT_NEAR(begin_of(report, 2), 50.0, 0.5);
}

TEST(FindPhases, SteadyWindowHasTheCvOfDecode) {
    Load with_prefill;
    with_prefill.hold(10, 60).hold(1, 620).hold(40, 430).hold(10, 60);
    Load without;
    without.hold(10, 60).hold(40, 430).hold(10, 60);
    for (const Load& load : {with_prefill, without}) {
        for (const Sensor& sensor : {noisy, averaging}) {
            const Readings readings = observe(load, sensor, 3);
            const PhaseReport report = phases_of(readings, sensor);
            ASSERT_TRUE(report.steady);
            const auto steady = power_statistics(readings.view(), *report.steady, sensor.limits());
            const double cv = sensor.noise / 430.0;
            EXPECT_NEAR(steady->mean.value.value(), 430, 2);
            EXPECT_NEAR(steady->cv->value, cv, 0.15 * cv + 0.001);
            EXPECT_GE(to_seconds(report.steady->length()).value(), 35);
        }
    }
}

TEST(FindPhases, MarksWinOverInference) {
    const Readings readings = observe(request(), noisy, 1);
    const std::vector<Mark> marks{{"prefill", window_of(7, 8.5)},
                                  {"decode", window_of(8.5, 29)},
                                  {"tokenise", window_of(4, 5)}};
    const PhaseReport report = phases_of(readings, noisy, {}, marks);
    ASSERT_EQ(kinds_of(report), "idle ramp prefill decode decode fall idle");
    EXPECT_EQ(report.phases[2].window, window_of(7, 8.5));
    EXPECT_EQ(report.phases[3].window, window_of(8.5, 29));
    EXPECT_FALSE(report.phases[2].inferred);
    EXPECT_FALSE(report.phases[3].inferred);
    EXPECT_TRUE(report.phases[4].inferred);
}

TEST(FindPhases, OfSeveralMarksAtOnceTheLatestBegunCounts) {
    const Readings readings = observe(request(), noisy, 1);
    const std::vector<Mark> marks{{"decode", window_of(8, 28)},
                                  {"prefill", window_of(12, 13)},
                                  {"prefill", window_of(20, 21)},
                                  {"decode", window_of(-50, -10)},
                                  {"idle", window_of(100, 200)}};
    const PhaseReport report = phases_of(readings, noisy, {}, marks);
    EXPECT_EQ(summary_of(report, PhaseKind::prefill).count, 2U);
    EXPECT_NEAR(summary_of(report, PhaseKind::prefill).time.value(), 2.0, 1e-9);
    const auto marked = std::ranges::count(report.phases, false, &Phase::inferred);
    EXPECT_EQ(marked, 5); // decode, prefill, decode, prefill, decode
}

TEST(FindPhases, AMarkBegunLaterCutsOneThatEndsSooner) {
    const Readings readings = observe(request(), noisy, 1);
    const std::vector<Mark> marks{{"prefill", window_of(12, 16)}, {"decode", window_of(10, 14)}};
    const PhaseReport report = phases_of(readings, noisy, {}, marks);
    EXPECT_NEAR(summary_of(report, PhaseKind::prefill).time.value(), 4.0, 1e-9);
}

TEST(FindPhases, ManyNestedMarksCostNoMoreThanOneLayer) {
    const Readings readings = observe(request(), {.interval = 0.001, .update = 0.001}, 1);
    std::vector<Mark> marks;
    for (int i = 0; i < 20'000; ++i) {
        marks.push_back({i % 2 == 0 ? "decode" : "prefill", window_of(6 + 1e-6 * i, 30)});
    }
    const PhaseReport report = phases_of(readings, {.interval = 0.001, .update = 0.001}, {}, marks);
    EXPECT_GT(report.phases.size(), 3U);
    EXPECT_LT(report.phases.size(), 60U);
}

TEST(FindPhases, AGapIsNeitherRampNorFall) {
    Readings readings = observe(request(), calm, 1);
    const Readings whole = readings;
    readings.time.clear();
    readings.watts.clear();
    for (std::size_t i = 0; i < whole.time.size(); ++i) {
        if (whole.time[i] <= at_seconds(4.5) || whole.time[i] >= at_seconds(8)) {
            readings.time.push_back(whole.time[i]);
            readings.watts.push_back(whole.watts[i]);
        }
    }
    readings.gaps.push_back({window_of(4.5, 8), GapReason::device_lost});
    const PhaseReport report = phases_of(readings, calm);
    EXPECT_EQ(summary_of(report, PhaseKind::ramp).count, 0U);
    EXPECT_EQ(summary_of(report, PhaseKind::fall).count, 1U);
    EXPECT_TRUE(std::ranges::any_of(report.phases, &Phase::touches_gap));
    EXPECT_EQ(std::ranges::count(report.unresolved, PhaseKind::ramp, &UnresolvedEdge::kind), 0);
}

TEST(FindPhases, ThousandsOfBurstsStayBounded) {
    Load load;
    for (int i = 0; i < 2000; ++i) {
        load.hold(1, 60).hold(0.4, 600).hold(1.5, 430);
    }
    load.hold(1, 60);
    const PhaseReport report = phases_of(load, {.noise = 5.0});
    EXPECT_EQ(summary_of(report, PhaseKind::prefill).count, 2000U);
    EXPECT_EQ(summary_of(report, PhaseKind::decode).count, 2000U);
    EXPECT_EQ(summary_of(report, PhaseKind::idle).count, 2001U);
    EXPECT_EQ(report.unresolved_count, 4000U);
    EXPECT_EQ(report.unresolved.size(), PhaseReport::max_unresolved);
    EXPECT_NEAR(summary_of(report, PhaseKind::decode).mean->value(), 425, 10);
}

TEST(FindPhases, FixedThresholdsAreThoseOfTheProposal) {
    PhaseOptions options;
    options.fixed_thresholds = true;
    const PhaseReport report = phases_of(request(), noisy, options);
    EXPECT_TRUE(report.method.fixed_thresholds);
    EXPECT_EQ(report.method.slope_threshold.value(), 100.0);
    EXPECT_NEAR(report.method.slope_window.value(), 0.67, 0.15);
    // The change from prefill to decode is a fall of its own.
    EXPECT_EQ(kinds_of(report), "idle ramp prefill fall decode fall idle");
}

TEST(FindPhases, FixedThresholdsTakeNoLowerFirstPlateauForPrefill) {
    Load load;
    load.hold(5, 60).line(1, 60, 300).hold(5, 300).line(1, 300, 600).hold(20, 600);
    PhaseOptions options;
    options.fixed_thresholds = true;
    EXPECT_EQ(kinds_of(phases_of(load, calm, options)), "idle ramp decode ramp decode");
}

TEST(FindPhases, FixedThresholdsNeverSeeAWarmDeviceIdle) {
    Load load;
    load.hold(20, 123).hold(20, 600).hold(20, 123);
    PhaseOptions options;
    EXPECT_EQ(kinds_of(phases_of(load, calm, options)), "idle decode idle");
    options.fixed_thresholds = true;
    EXPECT_EQ(summary_of(phases_of(load, calm, options), PhaseKind::idle).count, 0U);
}

TEST(FindPhases, OfNothingAreNothing) {
    Readings one;
    one.add(0, 100);
    Readings blind;
    blind.add(0, missing_reading);
    blind.add(1, missing_reading);
    EXPECT_FALSE(find_phases({}, window_of(0, 1), {}, {}));
    EXPECT_FALSE(find_phases(one.view(), window_of(0, 1), {}, {}));
    EXPECT_FALSE(find_phases(blind.view(), window_of(0, 1), {}, {}));
    EXPECT_FALSE(find_phases(observe(request(), calm, 1).view(), window_of(50, 60), {}, {}));
}

TEST(FindPhases, OfTwoReadingsAreOnePhase) {
    for (const double watts : {0.0, 80.0, 500.0}) {
        Readings readings;
        readings.add(0, watts);
        readings.add(1, watts);
        const auto report = find_phases(readings.view(), readings.extent(), {}, {});
        ASSERT_TRUE(report);
        ASSERT_EQ(report->phases.size(), 1U);
        EXPECT_NEAR(report->phases[0].energy.value(), watts, 1e-9);
    }
}

TEST(PhaseKind, NamesAreReadBack) {
    for (std::size_t i = 0; i < phase_kind_count; ++i) {
        const auto kind = static_cast<PhaseKind>(i);
        EXPECT_EQ(phase_kind_from(to_string(kind)), kind);
    }
    EXPECT_FALSE(phase_kind_from("Prefill"));
    EXPECT_FALSE(phase_kind_from(""));
}

// A load, a sensor, gaps and marks of all kinds.
struct Scene {
    Readings readings;
    PhaseOptions options;
    std::vector<Mark> marks;
};

Scene arbitrary_scene() {
    const RandomStream random{*rc::gen::arbitrary<std::uint64_t>(), 40};
    std::uint64_t next = 0;
    const auto uniform = [&](double low, double high) {
        return low + (high - low) * random.uniform(next++);
    };
    Load load;
    const auto pieces = *rc::gen::inRange(1, 25);
    double level = uniform(0, 200);
    for (int i = 0; i < pieces; ++i) {
        const double to = uniform(0, 1) < 0.3 ? uniform(0, 80) : uniform(0, 700);
        load.line(uniform(0, 1) < 0.5 ? 0.01 : uniform(0.01, 3), level, to)
            .hold(uniform(0.05, 8), to);
        level = to;
    }
    const bool fast = *rc::gen::arbitrary<bool>();
    const Sensor sensor{.interval = fast ? 0.02 : 0.1,
                        .update = *rc::gen::arbitrary<bool>() ? 0.1 : 0.02,
                        .window = *rc::gen::element(0.0, 0.025, 1.0),
                        .noise = *rc::gen::element(0.0, 1.0, 20.0)};
    Scene scene{observe(load, sensor, *rc::gen::arbitrary<std::uint64_t>()), {}, {}};
    scene.options.sensor = sensor.limits();
    scene.options.fixed_thresholds = *rc::gen::arbitrary<bool>();
    if (*rc::gen::arbitrary<bool>()) {
        scene.options.power_limit = 700_W;
    }
    if (*rc::gen::arbitrary<bool>()) {
        scene.options.idle_power = Watts{uniform(20, 120)};
    }
    const auto window = [&] {
        const double begin = uniform(-1.0, load.seconds());
        return window_of(begin, begin + uniform(0, 5));
    };
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
        scene.readings.gaps.push_back({window(), GapReason::read_failed});
    }
    const std::vector<std::string> names{"idle", "ramp", "prefill", "decode", "fall", "other"};
    for (int i = *rc::gen::inRange(0, 6); i > 0; --i) {
        scene.marks.push_back({*rc::gen::elementOf(names), window()});
    }
    return scene;
}

RC_GTEST_PROP(FindPhases, PartitionTheWindowAndItsEnergy, ()) {
    const Scene scene = arbitrary_scene();
    const Window extent = scene.readings.extent();
    const auto report = find_phases(scene.readings.view(), extent, scene.marks, scene.options);
    RC_ASSERT(report.has_value());
    const auto& phases = report->phases;
    RC_ASSERT(!phases.empty());
    RC_ASSERT(phases.front().window.begin == extent.begin);
    RC_ASSERT(phases.back().window.end == extent.end);
    Joules sum{0.0};
    for (std::size_t i = 0; i < phases.size(); ++i) {
        const Phase& phase = phases[i];
        RC_ASSERT(phase.window.begin < phase.window.end);
        if (i > 0) {
            RC_ASSERT(phases[i - 1].window.end == phase.window.begin);
        }
        RC_ASSERT(phase.min <= phase.mean + Watts{1e-6} && phase.mean <= phase.peak + Watts{1e-6});
        RC_ASSERT(phase.stdev >= Watts{0.0});
        const double length = to_seconds(phase.window.length()).value();
        RC_ASSERT(std::abs(phase.energy.value() - phase.mean.value() * length) <=
                  1e-6 * (1.0 + phase.energy.value()));
        RC_ASSERT(phase.ramp_rate.has_value() ==
                  (phase.kind == PhaseKind::ramp || phase.kind == PhaseKind::fall));
        sum += phase.energy;
    }
    // Phases bridge gaps by their chord, as the grid does.
    PowerView bridged = scene.readings.view();
    bridged.gaps = {};
    const double energy = integrate(bridged, extent).energy.value();
    RC_ASSERT(std::abs(sum.value() - energy) <= 1e-9 * (1.0 + energy));

    std::uint64_t count = 0;
    Joules summed{0.0};
    for (const PhaseSummary& kind : report->summary) {
        count += kind.count;
        summed += kind.energy;
    }
    RC_ASSERT(count == phases.size());
    RC_ASSERT(std::abs((summed - sum).value()) <= 1e-9 * (1.0 + energy));
}

RC_GTEST_PROP(FindPhases, InferredRampsRiseAndFallsFall, ()) {
    Scene scene = arbitrary_scene();
    scene.options.fixed_thresholds = false;
    const auto report =
        find_phases(scene.readings.view(), scene.readings.extent(), {}, scene.options);
    RC_ASSERT(report.has_value());
    for (const Phase& phase : report->phases) {
        if (phase.kind == PhaseKind::ramp) {
            RC_ASSERT(*phase.ramp_rate > WattsPerSecond{0.0});
        }
        if (phase.kind == PhaseKind::fall) {
            RC_ASSERT(*phase.ramp_rate < WattsPerSecond{0.0});
        }
    }
    for (const UnresolvedEdge& edge : report->unresolved) {
        RC_ASSERT((edge.at_least > WattsPerSecond{0.0}) == (edge.kind == PhaseKind::ramp));
    }
}

} // namespace
} // namespace joulemark::analysis
