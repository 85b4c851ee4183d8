// Logs that people really wrote, read where they lie beside the repository; their licence keeps
// them out of it. The figures were worked out independently (awk over the same files).
#include "device/power_log_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

namespace joulemark::device {
namespace {

using testing::HasSubstr;

class RealPowerLog : public testing::Test {
protected:
    void SetUp() override {
        if (!std::filesystem::is_directory(folder_)) {
            GTEST_SKIP() << folder_ << " is not here";
        }
    }

    [[nodiscard]] Result<PowerLog> read(std::string_view name, PowerLogOptions options = {}) const {
        options.gpu_model = "NVIDIA A100";
        return read_power_log_file((folder_ / name).string(), options);
    }

    std::filesystem::path folder_ =
        std::filesystem::path(JOULEMARK_SOURCE_DIR) / "../shared/data/power-logs";
};

double seconds_of(const Trace& trace) { return to_seconds(trace.extent()->length()).value(); }

TEST_F(RealPowerLog, FalconIsOneGpuOf89Minutes) {
    const auto log = read("nvidia-smi-falcon-7b.csv");
    ASSERT_TRUE(log) << log.error().describe();
    ASSERT_EQ(log->traces.size(), 1U);
    EXPECT_EQ(log->rows, 50'933U);
    EXPECT_EQ(log->rejected_count, 0U);
    EXPECT_EQ(log->traces[0].fast().size(), 50'933U);
    EXPECT_NEAR(seconds_of(log->traces[0]), 5345.560, 1e-9);
    EXPECT_NEAR(test::joules_of(log->traces[0]), 1'298'634.314, 0.01);
    EXPECT_EQ(log->traces[0].info().interval, std::chrono::milliseconds{104});
    EXPECT_EQ(log->traces[0].report().gap_count, 0U);
    EXPECT_EQ(log->traces[0].info().device.power_sensor->averaging_window, Seconds{0.025});
}

TEST_F(RealPowerLog, MistralIsOneGpuOf52Minutes) {
    const auto log = read("nvidia-smi-mistral-7b.csv");
    ASSERT_TRUE(log) << log.error().describe();
    ASSERT_EQ(log->traces.size(), 1U);
    EXPECT_EQ(log->rows, 30'344U);
    EXPECT_EQ(log->rejected_count, 0U);
    EXPECT_NEAR(seconds_of(log->traces[0]), 3128.407, 1e-9);
    EXPECT_NEAR(test::joules_of(log->traces[0]), 591'434.110, 0.01);
    EXPECT_EQ(log->traces[0].info().interval, std::chrono::milliseconds{103});
}

TEST_F(RealPowerLog, MixtralIsRefusedAsThreeGpus) {
    const auto log = read("nvidia-smi-mixtral-8x7b-several-gpus.csv");
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().kind, Kind::invalid_argument);
    EXPECT_THAT(log.error().message, HasSubstr("it holds 3 GPUs"));
    EXPECT_THAT(log.error().message, HasSubstr("--gpus 3"));
}

TEST_F(RealPowerLog, MixtralIsDealtOutToThreeGpusWithoutItsBrokenBursts) {
    PowerLogOptions options;
    options.gpu_count = 3;
    const auto log = read("nvidia-smi-mixtral-8x7b-several-gpus.csv", options);
    ASSERT_TRUE(log) << log.error().describe();
    ASSERT_EQ(log->traces.size(), 3U);
    EXPECT_EQ(log->rows, 18'800U);
    // Three rounds torn apart, the first row of the last round, and the row that is cut off.
    ASSERT_EQ(log->rejected_count, 11U);
    EXPECT_EQ(log->rejected.front().line, 5120U);
    EXPECT_EQ(log->rejected.back().line, 18'801U);
    EXPECT_THAT(log->rejected.back().reason, HasSubstr("fewer columns"));
    for (const Trace& trace : log->traces) {
        EXPECT_EQ(trace.fast().size(), 6263U);
        EXPECT_NEAR(seconds_of(trace), 714.39, 0.01);
    }
    EXPECT_NEAR(test::joules_of(log->traces[0]), 60'251.784, 0.01);
    EXPECT_NEAR(test::joules_of(log->traces[1]), 63'797.537, 0.01);
    EXPECT_NEAR(test::joules_of(log->traces[2]), 65'406.776, 0.01);
}

TEST_F(RealPowerLog, MixtralCannotBeDealtOutToFour) {
    PowerLogOptions options;
    options.gpu_count = 4;
    const auto log = read("nvidia-smi-mixtral-8x7b-several-gpus.csv", options);
    ASSERT_FALSE(log);
    EXPECT_THAT(log.error().message, HasSubstr("they come 3 rows at a time"));
}

} // namespace
} // namespace joulemark::device
