#include "device/power_log.hpp"
#include "hardware/page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace joulemark::hardware {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

Recording steps(int rows) {
    Recording recording;
    for (int i = 0; i < rows; ++i) {
        recording.fast.time.push_back(instant_at(0) + milliseconds{i});
        recording.fast.values(Metric::power).push_back(70.0 + i / 100);
        recording.fast.values(Metric::energy_counter).push_back(7.0 * (i / 100));
        recording.fast_latency.emplace_back(12'000);
    }
    return recording;
}

Findings findings() {
    Findings f;
    f.device.product = "NVIDIA H200";
    f.device.serial = "SECRET-SERIAL";
    f.device.uuid = "GPU-SECRET";
    f.idle = steps(1000);
    f.idle_slow = steps(10);
    f.load_problem = "no load generator was found";
    return f;
}

TEST(Page, NamesItsFileAfterTheProduct) {
    EXPECT_EQ(file_stem("NVIDIA H200"), "nvidia-h200");
    EXPECT_EQ(file_stem("  A/B\\..\\C (x) "), "a-b-c-x");
    EXPECT_EQ(file_stem("../../etc/passwd"), "etc-passwd");
    EXPECT_EQ(file_stem("\xff\x1b"), "unnamed-gpu");
    EXPECT_LE(file_stem(std::string(1000, 'x')).size(), 80U);
}

TEST(Page, SaysWhatWasFoundAndWhatWasNot) {
    const std::string page = markdown(findings());
    EXPECT_THAT(page, HasSubstr("# NVIDIA H200\n"));
    EXPECT_THAT(page, HasSubstr("| Power | idle | 9 | 100.0 | 100.0 | 100.0 | **100.00** |"));
    EXPECT_THAT(page, HasSubstr("| Temperature | not offered |"));
    EXPECT_THAT(page, HasSubstr("| power and energy, idle | 12 | 12 | 12 |"));
    EXPECT_THAT(page, HasSubstr("Not measured: no load generator was found."));
}

TEST(Page, GivesAwayNeitherSerialNumberNorUuid) {
    EXPECT_THAT(markdown(findings()), Not(HasSubstr("SECRET")));
}

TEST(Page, SaysWhenTheLibraryWasNamedByHand) {
    EXPECT_THAT(markdown(findings()), Not(HasSubstr("JOULEMARK_NVML_LIBRARY")));
    Findings f = findings();
    f.library = "/tmp/fake.so";
    EXPECT_THAT(markdown(f), HasSubstr("Read through the library /tmp/fake.so"));
}

TEST(Page, TabulatesEveryMarkedWindow) {
    Findings f = findings();
    f.loaded = steps(1000);
    f.load_about = "Products";
    f.windows = {{"steady", {instant_at(100'000'000), instant_at(800'000'000)}, 2e12}};
    const std::string page = markdown(f);
    EXPECT_THAT(page, HasSubstr("### steady: 0.700 s, 2e+12 FLOP"));
    // 7 ticks of 7 J in 0.7 s.
    EXPECT_THAT(page, HasSubstr("| energy counter, read at the edges | 49.00 | 70.0 | 24.500 |"));
    EXPECT_THAT(page, HasSubstr("| averaged power readings, integrated | not offered |"));
}

TEST(TraceCsv, IsReadBackAsTheRecordingThatItCameFrom) {
    const Recording recording = steps(400);
    const auto csv = trace_csv(findings().device, recording);
    ASSERT_TRUE(csv) << csv.error().describe();
    EXPECT_THAT(*csv, Not(HasSubstr("SECRET")));
    const auto log = device::read_power_log(*csv, {});
    ASSERT_TRUE(log) << log.error().describe();
    ASSERT_EQ(log->traces.size(), 1U);
    const Columns& read = log->traces[0].fast();
    EXPECT_LT(read.size(), 20U);
    EXPECT_FALSE(read.has(Metric::average_power));
    EXPECT_EQ(log->traces[0].report().gap_count, 0U);
    const auto before = change_spacing(recording.fast.time, recording.fast.values(Metric::power));
    const auto after = change_spacing(read.time, read.values(Metric::power));
    ASSERT_TRUE(before);
    ASSERT_TRUE(after);
    EXPECT_EQ(before->changes, after->changes);
    EXPECT_EQ(before->period, after->period);
}

} // namespace
} // namespace joulemark::hardware
