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

TEST(TraceCsv, KeepsBothEndsOfEveryStretch) {
    const std::string csv = trace_csv(steps(300));
    EXPECT_EQ(csv,
              "time_s,power_w,energy_counter_j\n"
              "0.000000,70,0\n0.099000,70,0\n0.100000,71,7\n0.199000,71,7\n0.200000,72,14\n0."
              "299000,72,14\n");
}

} // namespace
} // namespace joulemark::hardware
