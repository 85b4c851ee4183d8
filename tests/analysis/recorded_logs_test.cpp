// Phases of real nvidia-smi logs. The logs are not part of this repository: point
// JOULEMARK_POWER_LOGS at the folder that holds nvidia-smi-falcon-7b.csv and
// nvidia-smi-mistral-7b.csv (grantwilkins/energy-inference, arXiv 2407.04014); skipped without it.
#include "analysis/derivatives.hpp"
#include "analysis/integral.hpp"
#include "analysis/phases.hpp"
#include "analysis/statistics.hpp"
#include "analysis/synthetic_trace.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace joulemark::analysis {
namespace {

using testing::at_seconds;
using testing::Readings;

// Rows of "2024/04/03 11:36:01.674, 30.81 W, ...", all within one month; rows whose time does not
// increase are left out.
Readings read_log(const std::string& path) {
    std::ifstream file{path};
    Readings readings;
    std::string line;
    while (std::getline(file, line)) {
        int day = 0;
        int hour = 0;
        int minute = 0;
        double second = 0.0;
        double watts = 0.0;
        if (std::sscanf(line.c_str(),
                        "%*d/%*d/%d %d:%d:%lf, %lf W",
                        &day,
                        &hour,
                        &minute,
                        &second,
                        &watts) != 5) {
            continue;
        }
        const double t = ((day * 24.0 + hour) * 60.0 + minute) * 60.0 + second;
        if (readings.time.empty() || at_seconds(t) > readings.time.back()) {
            readings.add(t, watts);
        }
    }
    return readings;
}

class RecordedLogs : public ::testing::Test {
protected:
    void SetUp() override {
        const char* folder = std::getenv("JOULEMARK_POWER_LOGS");
        if (folder == nullptr) {
            GTEST_SKIP() << "JOULEMARK_POWER_LOGS is not set";
        }
        falcon = read_log(std::string(folder) + "/nvidia-smi-falcon-7b.csv");
        mistral = read_log(std::string(folder) + "/nvidia-smi-mistral-7b.csv");
        ASSERT_GT(falcon.time.size(), 50'000U);
        ASSERT_GT(mistral.time.size(), 30'000U);
    }

    Readings falcon;
    Readings mistral;
};

double since_begin(const Readings& readings, Instant t) {
    return to_seconds(t - readings.time.front()).value();
}

// As drawn: rest for 12.4 s, one rise within a second, then batches back to back to the end.
TEST_F(RecordedLogs, FalconIsRestThenOneLongStretchOfWork) {
    const auto report = find_phases(falcon.view(), falcon.extent(), {}, {});
    ASSERT_TRUE(report);
    ASSERT_EQ(report->phases.size(), 3U);
    EXPECT_EQ(report->phases[0].kind, PhaseKind::idle);
    EXPECT_EQ(report->phases[1].kind, PhaseKind::ramp);
    EXPECT_EQ(report->phases[2].kind, PhaseKind::decode);
    EXPECT_NEAR(report->levels.idle->value(), 32, 2);
    EXPECT_NEAR(since_begin(falcon, report->phases[1].window.begin), 12.4, 0.3);
    EXPECT_NEAR(since_begin(falcon, report->phases[2].window.begin), 13.3, 0.3);
    EXPECT_NEAR(report->phases[2].mean.value(), 243, 2);
}

TEST_F(RecordedLogs, FalconWithoutItsBeginningNeverRests) {
    Readings later;
    for (std::size_t i = 300; i < falcon.time.size(); ++i) {
        later.time.push_back(falcon.time[i]);
        later.watts.push_back(falcon.watts[i]);
    }
    const auto report = find_phases(later.view(), later.extent(), {}, {});
    ASSERT_TRUE(report);
    EXPECT_FALSE(report->levels.idle);
    EXPECT_EQ(report->phases.size(), 1U);
}

// Rest at 24 W, with the model loaded at 36 to 42 W, work from 37 s on, rest in the last half
// second.
TEST_F(RecordedLogs, MistralRestsAtSeveralLevels) {
    const auto report = find_phases(mistral.view(), mistral.extent(), {}, {});
    ASSERT_TRUE(report);
    EXPECT_EQ(report->phases.front().kind, PhaseKind::idle);
    EXPECT_EQ(report->phases.back().kind, PhaseKind::idle);
    EXPECT_NEAR(since_begin(mistral, report->phases.front().window.end), 34.3, 0.3);
    EXPECT_GT(report->levels.idle->value(), 23);
    EXPECT_LT(report->levels.idle_top->value(), 48);
    EXPECT_LT(report->phases.size(), 30U);
    EXPECT_GT(to_seconds(report->steady->length()).value(), 3000);
    const PhaseSummary& idle = report->summary[0];
    EXPECT_GT(idle.time.value(), 34);
    EXPECT_LT(idle.time.value(), 45);
}

TEST_F(RecordedLogs, PhasesHoldTheEnergyOfTheLog) {
    for (const Readings* log : {&falcon, &mistral}) {
        const double energy = integrate(log->view(), log->extent()).energy.value();
        for (const bool fixed : {false, true}) {
            PhaseOptions options;
            options.fixed_thresholds = fixed;
            const auto report = find_phases(log->view(), log->extent(), {}, options);
            double sum = 0.0;
            for (const Phase& phase : report->phases) {
                sum += phase.energy.value();
            }
            EXPECT_NEAR(sum, energy, 1e-9 * energy);
        }
    }
}

// Falls from 240 W between two readings: faster than can be said.
TEST_F(RecordedLogs, TheSteepestFallIsUnresolved) {
    const auto grid = node_means(falcon.view(), falcon.extent(), 100_ms);
    const auto found = derivatives(*grid, {100_ms, {}});
    ASSERT_TRUE(found && found->max_fall);
    EXPECT_TRUE(found->max_fall->unresolved);
    EXPECT_LT(found->max_fall->rate.value(), -150);
    EXPECT_NEAR(found->noise.value(), 5, 2);
}

} // namespace
} // namespace joulemark::analysis
