#include "device/power_log_bursts.hpp"
#include "device/power_log_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace joulemark::device {
namespace {

using test::error_of;
using test::milliseconds_of;
using test::read_log;
using test::smi_header;
using test::smi_log;
using test::smi_row;
using test::smi_time;
using test::watts_of;
using testing::HasSubstr;

PowerLogOptions gpus(std::size_t count) {
    PowerLogOptions options;
    options.gpu_count = count;
    return options;
}

// Rounds of `gpu_count` rows 4 ms apart, then a pause of 104 ms; GPU k draws 100 k W and a little
// more each round.
std::string bursts(std::size_t gpu_count, std::size_t rounds) {
    std::string text(smi_header);
    std::size_t ms = 0;
    for (std::size_t round = 0; round < rounds; ++round, ms += 100) {
        for (std::size_t k = 0; k < gpu_count; ++k, ms += 4) {
            text +=
                smi_row(ms, 100.0 * static_cast<double>(k + 1) + static_cast<double>(round % 5));
        }
    }
    return text;
}

TEST(SeveralGpus, AnIndexColumnMakesOneTraceForEachGpu) {
    std::string text = "index, timestamp, power.draw [W]\n";
    for (std::size_t i = 0; i < 30; ++i) {
        text += fmt::format("{}, {}, {:.2f} W\n",
                            i % 3,
                            smi_time(i / 3 * 100 + i % 3),
                            100.0 * static_cast<double>(i % 3 + 1));
    }
    const PowerLog log = read_log(text);
    ASSERT_EQ(log.traces.size(), 3U);
    EXPECT_EQ(log.traces[2].info().device.name, "gpu2");
    EXPECT_EQ(watts_of(log.traces[2]), std::vector<double>(10, 300.0));
    // All on one time line: the third GPU was read 2 ms after the first.
    EXPECT_EQ(milliseconds_of(log.traces[2])[0], 2);
    EXPECT_EQ(log.traces[2].info().interval, std::chrono::milliseconds{100});
}

TEST(SeveralGpus, UuidAndBusIdTellThemApartAndStandInTheTrace) {
    std::string text = "timestamp, uuid, pci.bus_id, power.draw [W]\n";
    for (std::size_t i = 0; i < 20; ++i) {
        text +=
            fmt::format("{}, GPU-{}, 00000000:0{}:00.0, 100 W\n", smi_time(i * 50), i % 2, i % 2);
    }
    const PowerLog log = read_log(text);
    ASSERT_EQ(log.traces.size(), 2U);
    EXPECT_EQ(log.traces[1].info().device.name, "GPU-1");
    EXPECT_EQ(log.traces[1].info().device.uuid, "GPU-1");
    EXPECT_EQ(log.traces[1].info().device.pci_bus_id, "00000000:01:00.0");
}

TEST(SeveralGpus, ALastRowThatMayHaveLostTheEndOfItsIndexMakesNoNewGpu) {
    std::string text = "timestamp, power.draw [W], index\n";
    for (std::size_t i = 0; i < 24; ++i) {
        text += fmt::format("{}, 100 W, {}\n", smi_time(i * 50), 10 + i % 12);
    }
    const PowerLog log = read_log(text + smi_time(1200) + ", 100 W, 1");
    EXPECT_EQ(log.traces.size(), 12U);
    EXPECT_EQ(log.rejected_count, 1U);
}

TEST(SeveralGpus, AColumnThatNeverRepeatsDoesNotMakeThousandsOfTraces) {
    std::string text = "timestamp, power.draw [W], uuid\n";
    for (std::size_t i = 0; i < 3000; ++i) {
        text += fmt::format("{}, 100 W, GPU-{}\n", smi_time(i * 100), i);
    }
    const PowerLog log = read_log(text);
    EXPECT_EQ(log.traces.size(), 1024U);
    EXPECT_EQ(log.rejected_count, 3000U - 1024U);
}

TEST(SeveralGpus, ARowOfTheirOwnTimeThatComesBackIsKeptOutPerGpu) {
    std::string text = "index, timestamp, power.draw [W]\n";
    for (std::size_t i = 0; i < 20; ++i) {
        // The second GPU's rows stand before those of the first in time, but each GPU's own are in
        // order.
        text += fmt::format("{}, {}, 100 W\n", i % 2, smi_time(1000 + i / 2 * 100 - i % 2 * 30));
    }
    EXPECT_EQ(read_log(text).rejected_count, 0U);
}

TEST(SeveralGpus, WithoutIndexColumnTheFileIsRefusedWithTheNumberOfGpusAndTheFix) {
    for (const std::size_t count : {2U, 3U, 4U, 8U, 16U}) {
        const Error error = error_of(bursts(count, 50));
        EXPECT_EQ(error.kind, Kind::invalid_argument);
        EXPECT_THAT(error.message, HasSubstr(fmt::format("it holds {} GPUs", count)));
        EXPECT_THAT(error.message, HasSubstr(fmt::format("--gpus {}", count)));
        EXPECT_THAT(error.message, HasSubstr("`index`"));
    }
}

TEST(SeveralGpus, TwoRoundsAreEnoughToSee) {
    EXPECT_THAT(error_of(bursts(3, 2)).message, HasSubstr("it holds 3 GPUs"));
}

TEST(SeveralGpus, ASingleRoundIsNeverTakenForOneGpu) {
    const Error error = error_of(bursts(4, 1));
    EXPECT_EQ(error.kind, Kind::invalid_argument);
    EXPECT_THAT(error.message, HasSubstr("--gpus 1"));
}

TEST(SeveralGpus, EqualTimesAreASignToo) {
    std::string text(smi_header);
    for (std::size_t i = 0; i < 40; ++i) {
        text += smi_row(i / 4 * 1000, 100 + static_cast<double>(i % 4));
    }
    const Error error = error_of(text);
    EXPECT_THAT(error.message, HasSubstr("it holds 4 GPUs"));
    EXPECT_THAT(error.message, HasSubstr("cut to whole seconds"));
}

TEST(SeveralGpus, RowsOfUnlikeNamesAreNotOfOneGpu) {
    std::string text = "timestamp, name, power.draw [W]\n";
    for (std::size_t i = 0; i < 40; ++i) {
        text += fmt::format(
            "{}, {}, 100 W\n", smi_time(i * 100), i % 2 == 0 ? "NVIDIA H100" : "NVIDIA A100");
    }
    EXPECT_THAT(error_of(text).message, HasSubstr("different GPUs"));
}

TEST(SeveralGpus, GpusThatTakeTurnsWithoutAPauseAreSeenByTheirPower) {
    std::string text(smi_header);
    const double watts[] = {60, 310, 180};
    for (std::size_t i = 0; i < 600; ++i) {
        text += smi_row(i * 5, watts[i % 3] + static_cast<double>(i % 11));
    }
    const Error error = error_of(text);
    EXPECT_EQ(error.kind, Kind::invalid_argument);
    EXPECT_THAT(error.message, HasSubstr("it seems to hold 3 GPUs"));
    EXPECT_THAT(error_of(text, gpus(3)).message, HasSubstr("no pause"));
    EXPECT_EQ(read_log(text, gpus(1)).traces.size(), 1U);
}

TEST(SeveralGpus, DealtOutEachGpuHasItsRowsAndItsTimes) {
    const PowerLog log = read_log(bursts(3, 20), gpus(3));
    ASSERT_EQ(log.traces.size(), 3U);
    EXPECT_EQ(log.rejected_count, 0U);
    for (std::size_t k = 0; k < 3; ++k) {
        ASSERT_EQ(log.traces[k].fast().size(), 20U);
        EXPECT_EQ(log.traces[k].info().device.name, fmt::format("gpu{}", k));
        for (std::size_t i = 0; i < 20; ++i) {
            EXPECT_EQ(watts_of(log.traces[k])[i],
                      100.0 * static_cast<double>(k + 1) + static_cast<double>(i % 5));
            EXPECT_EQ(milliseconds_of(log.traces[k])[i],
                      static_cast<std::int64_t>(112 * i + 4 * k));
        }
    }
}

TEST(SeveralGpus, ABurstOfUnexpectedLengthIsKeptOutWholeWithItsLines) {
    std::string text = bursts(3, 10);
    text += smi_row(2000, 100) + smi_row(2004, 200);
    text += smi_row(2108, 100) + smi_row(2112, 200) + smi_row(2116, 300);
    const PowerLog log = read_log(text, gpus(3));
    ASSERT_EQ(log.rejected.size(), 2U);
    EXPECT_EQ(log.rejected[0].line, 32U);
    EXPECT_EQ(log.rejected[1].line, 33U);
    EXPECT_THAT(log.rejected[0].reason, HasSubstr("burst of 2 rows where 3 were expected"));
    for (const Trace& trace : log.traces) {
        EXPECT_EQ(trace.fast().size(), 11U);
    }
}

TEST(SeveralGpus, AMalformedRowTakesItsBurstAlong) {
    std::string text = bursts(3, 10);
    text += smi_row(2000, 100) + "2024/04/03 00:00:02.004, 2oo.00 W, 50 %\n" + smi_row(2008, 300);
    text += smi_row(2112, 100) + smi_row(2116, 200) + smi_row(2120, 300);
    const PowerLog log = read_log(text, gpus(3));
    EXPECT_EQ(log.rejected_count, 3U);
    EXPECT_EQ(watts_of(log.traces[0]).size(), 11U);
    EXPECT_EQ(log.rows, 33U + log.rejected_count);
}

TEST(SeveralGpus, AWrongNumberOfGpusIsRefused) {
    EXPECT_THAT(error_of(bursts(3, 20), gpus(4)).message,
                HasSubstr("cannot be dealt out to 4 GPUs: they come 3 rows at a time"));
    EXPECT_THAT(error_of(smi_log(50), gpus(2)).message, HasSubstr("no pause"));
    EXPECT_EQ(error_of(bursts(3, 20), gpus(0)).kind, Kind::invalid_argument);
    std::string text = "index, timestamp, power.draw [W]\n";
    for (std::size_t i = 0; i < 20; ++i) {
        text += fmt::format("{}, {}, 100 W\n", i % 2, smi_time(i * 50));
    }
    EXPECT_THAT(error_of(text, gpus(3)).message, HasSubstr("its rows name 2 GPUs, not 3"));
    EXPECT_EQ(read_log(text, gpus(2)).traces.size(), 2U);
}

TEST(SeveralGpus, OneGpuOnTheUsersWordIsTakenWhateverItLooksLike) {
    EXPECT_EQ(read_log(bursts(3, 20), gpus(1)).traces.size(), 1U);
}

// Row times of one GPU read every `interval_ms` by a machine that is late now and then.
std::vector<Instant> times_of_one(std::size_t count,
                                  double interval_ms,
                                  std::uint64_t seed,
                                  double hiccup_share) {
    std::vector<Instant> times;
    double ms = 0.0;
    std::uint64_t state = seed * 2 + 1;
    const auto uniform = [&state] {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<double>(state >> 40U) / static_cast<double>(1U << 24U);
    };
    for (std::size_t i = 0; i < count; ++i) {
        times.push_back(instant_at(static_cast<std::int64_t>(ms) * 1'000'000));
        ms += interval_ms * (1.0 + 0.05 * uniform() * uniform());
        if (uniform() < hiccup_share) {
            ms += interval_ms * 4.0 * uniform();
        }
    }
    return times;
}

RC_GTEST_PROP(Bursts, OneGpuReadWithJitterAndHiccupsIsOne, ()) {
    // Of a few dozen rows, chance alone may make bursts of equal length.
    const auto hiccups = *rc::gen::element(0.0, 0.001, 0.01, 0.1);
    const auto count = *rc::gen::inRange<std::size_t>(hiccups == 0.0 ? 2 : 500, 3000);
    const auto interval = *rc::gen::element(20.0, 50.0, 100.0, 103.0, 250.0, 1000.0, 5000.0);
    const auto times = times_of_one(count, interval, *rc::gen::arbitrary<std::uint32_t>(), hiccups);
    const std::vector<double> watts(count, 100.0);
    RC_ASSERT(find_bursts(times, watts).verdict == Interleaving::one);
}

RC_GTEST_PROP(Bursts, SeveralGpusReadWithJitterAreCounted, ()) {
    const auto rounds = *rc::gen::inRange<std::size_t>(10, 500);
    const auto gpu_count = *rc::gen::inRange<std::size_t>(2, 17);
    const auto pause = *rc::gen::element(50.0, 100.0, 500.0, 1000.0);
    const auto starts = times_of_one(rounds,
                                     pause + 5.0 * static_cast<double>(gpu_count),
                                     *rc::gen::arbitrary<std::uint32_t>(),
                                     0.01);
    std::vector<Instant> times;
    for (const Instant start : starts) {
        for (std::size_t k = 0; k < gpu_count; ++k) {
            times.push_back(start + std::chrono::milliseconds{4 * k + (k * 7 + times.size()) % 3});
        }
    }
    const std::vector<double> watts(times.size(), 100.0);
    const BurstFinding finding = find_bursts(times, watts);
    RC_ASSERT(finding.verdict == Interleaving::several);
    RC_ASSERT(finding.rows_per_burst == gpu_count);
}

TEST(Bursts, ASquareWaveOfOneGpuIsNotTakenForTwo) {
    const auto times = times_of_one(2000, 15.0, 7, 0.0);
    std::vector<double> watts;
    for (std::size_t i = 0; i < times.size(); ++i) {
        // 5 Hz, sampled every 15 ms.
        watts.push_back(count_ns(times[i]) / 100'000'000 % 2 == 0 ? 100.0 : 400.0);
    }
    EXPECT_EQ(find_bursts(times, watts).verdict, Interleaving::one);
}

TEST(Bursts, BurstsOfChangingLengthAreUnclear) {
    std::vector<Instant> times;
    std::int64_t ms = 0;
    for (std::size_t round = 0; round < 200; ++round, ms += 100) {
        for (std::size_t k = 0; k < (round < 100 ? 2U : 5U); ++k, ms += 4) {
            times.push_back(instant_at(ms * 1'000'000));
        }
    }
    const std::vector<double> watts(times.size(), 100.0);
    EXPECT_EQ(find_bursts(times, watts).verdict, Interleaving::unclear);
}

TEST(Bursts, AFewRoundsOfRowsThatAreNotCloseAreUnclear) {
    std::vector<Instant> times;
    for (std::int64_t round = 0; round < 4; ++round) {
        for (std::int64_t k = 0; k < 3; ++k) {
            times.push_back(instant_at((round * 200 + k * 25) * 1'000'000));
        }
    }
    const std::vector<double> watts(times.size(), 100.0);
    EXPECT_EQ(find_bursts(times, watts).verdict, Interleaving::unclear);
}

TEST(Bursts, FewerThanTwoRowsAreOneGpu) {
    EXPECT_EQ(find_bursts({}, {}).verdict, Interleaving::one);
    const std::vector<Instant> one{instant_at(0)};
    EXPECT_EQ(find_bursts(one, std::vector<double>{1.0}).verdict, Interleaving::one);
}

TEST(Bursts, ABurstEndsWhereTimeGoesBack) {
    const std::vector<Instant> times{instant_at(0), instant_at(5), instant_at(3), instant_at(100)};
    const auto found = bursts_of(times, Nanoseconds{10});
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].count, 2U);
    EXPECT_EQ(found[1].first, 2U);
    EXPECT_EQ(found[2].first, 3U);
}

} // namespace
} // namespace joulemark::device
