#include "device/power_log_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace joulemark::device {
namespace {

using test::error_of;
using test::read_log;
using test::smi_log;
using test::watts_of;
using testing::HasSubstr;
using testing::StartsWith;

class PowerLogFile : public testing::Test {
protected:
    PowerLogFile() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "power_log_XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~PowerLogFile() override { std::filesystem::remove_all(folder_); }

    std::string file(std::string_view content) const {
        std::ofstream(path(), std::ios::binary) << content;
        return path();
    }
    std::string path() const { return (folder_ / "log.csv").string(); }

    std::filesystem::path folder_;
};

TEST_F(PowerLogFile, AFileIsReadLikeItsText) {
    // Larger than a block, so that lines cross from one to the next.
    const std::string text = smi_log(20'000, 103);
    const auto log = read_power_log_file(file(text), {});
    ASSERT_TRUE(log) << log.error().describe();
    const PowerLog expected = read_log(text);
    EXPECT_EQ(log->rows, 20'000U);
    EXPECT_EQ(log->traces[0].fast(), expected.traces[0].fast());
    EXPECT_EQ(log->traces[0].report(), expected.traces[0].report());
}

TEST_F(PowerLogFile, AMissingFileIsNotFoundByName) {
    const auto log = read_power_log_file(path(), {});
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().kind, Kind::not_found);
    EXPECT_THAT(log.error().describe(), HasSubstr(path()));
    EXPECT_THAT(log.error().message, HasSubstr("No such file"));
}

TEST_F(PowerLogFile, AFolderIsNoLog) {
    const auto log = read_power_log_file(folder_.string(), {});
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().kind, Kind::invalid_argument);
    EXPECT_THAT(log.error().message, HasSubstr("folder"));
}

TEST_F(PowerLogFile, AFileThatMayNotBeReadSaysSo) {
    if (::geteuid() == 0) {
        GTEST_SKIP() << "root may read every file";
    }
    ::chmod(file("x").c_str(), 0);
    const auto log = read_power_log_file(path(), {});
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().kind, Kind::permission);
}

TEST_F(PowerLogFile, EmptyAndBlankFilesAreRefused) {
    EXPECT_THAT(read_power_log_file(file(""), {}).error().message, HasSubstr("it is empty"));
    EXPECT_THAT(read_power_log_file(file("\n\n  \n"), {}).error().message,
                HasSubstr("blank lines"));
}

TEST_F(PowerLogFile, APipeIsReadToItsEnd) {
    ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
    const std::string text = smi_log(5000, 103);
    std::jthread writer([&] { std::ofstream(path(), std::ios::binary) << text; });
    const auto log = read_power_log_file(path(), {});
    ASSERT_TRUE(log) << log.error().describe();
    EXPECT_EQ(log->rows, 5000U);
}

TEST_F(PowerLogFile, AMinusIsTheStandardInput) {
    const std::string text = smi_log(50);
    const int saved = ::dup(STDIN_FILENO);
    ASSERT_NE(std::freopen(file(text).c_str(), "r", stdin), nullptr);
    const auto log = read_power_log_file("-", {});
    const auto again = read_power_log_file("-", {});
    ::dup2(saved, STDIN_FILENO);
    ::close(saved);
    ASSERT_TRUE(log) << log.error().describe();
    EXPECT_EQ(log->rows, 50U);
    ASSERT_FALSE(again);
    EXPECT_THAT(again.error().describe(), StartsWith("standard input: it is empty"));
}

TEST_F(PowerLogFile, ADeviceWithoutEndIsRefusedAtOnce) {
    const auto log = read_power_log_file("/dev/zero", {});
    ASSERT_FALSE(log);
    EXPECT_THAT(log.error().message, HasSubstr("binary"));
}

TEST(PowerLogText, BinaryCompressedAndUtf16FilesAreRefusedWithTheWayOut) {
    EXPECT_THAT(error_of(std::string("\x7f"
                                     "ELF\x02\x01\x01\0\0\0",
                                     10))
                    .message,
                HasSubstr("binary"));
    EXPECT_THAT(error_of("\x01\x02\x03\x04\x05 text").message, HasSubstr("binary"));
    EXPECT_THAT(error_of("\x1f\x8b\x08 gz").message, HasSubstr("zcat"));
    EXPECT_THAT(error_of(std::string_view("\xff\xfet\0i\0", 6)).message, HasSubstr("iconv"));
    EXPECT_EQ(error_of("").kind, Kind::parse);
}

TEST(PowerLogText, AnUnknownTextIsRefusedWithItsFirstLineAndWhatIsKnown) {
    const Error error = error_of("Dear diary,\ntoday I measured nothing.\n");
    EXPECT_EQ(error.kind, Kind::parse);
    EXPECT_THAT(error.message, HasSubstr("\"Dear diary,\""));
    EXPECT_THAT(error.message, HasSubstr("nvidia-smi --query-gpu"));
    EXPECT_THAT(error_of("# gpu   pwr gtemp\n# Idx     W     C\n    0    61    40\n").message,
                HasSubstr("nvidia-smi dmon"));
}

TEST(PowerLogText, TheFormatMayBeForcedAndThenMustFit) {
    PowerLogOptions options;
    options.format = LogFormat::nvidia_smi;
    EXPECT_THAT(error_of("1712144161.674,66.176\n", options).message,
                HasSubstr("not exactly one column in W"));
    options.format = LogFormat::zeus;
    EXPECT_EQ(error_of(smi_log(5), options).kind, Kind::parse);
    options.format = LogFormat::joulemark;
    EXPECT_EQ(error_of(smi_log(5), options).kind, Kind::parse);
    options.format = LogFormat::dcgm_dmon;
    EXPECT_EQ(error_of(smi_log(5), options).kind, Kind::parse);
}

TEST(PowerLogText, FormatsAreKnownByTheirNames) {
    for (const auto format : {LogFormat::automatic,
                              LogFormat::nvidia_smi,
                              LogFormat::dcgm_dmon,
                              LogFormat::zeus,
                              LogFormat::joulemark}) {
        EXPECT_EQ(log_format_from(to_string(format)), format);
    }
    EXPECT_FALSE(log_format_from("excel"));
}

TEST(PowerLogText, TheNameOfTheLogStandsBeforeItsError) {
    PowerLogOptions options;
    options.source_name = "night\x1b.csv";
    EXPECT_THAT(error_of("", options).describe(), StartsWith("night\\x1b.csv: it is empty"));
}

} // namespace
} // namespace joulemark::device
