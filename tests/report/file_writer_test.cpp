// A file is replaced at once or not at all.
#include "report/file_writer.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace joulemark::report {

namespace {

class FileWriterTest : public testing::Test {
protected:
    FileWriterTest() : folder_(testing::TempDir() + "file-writer-XXXXXX") {
        EXPECT_NE(mkdtemp(folder_.data()), nullptr);
        path_ = folder_ + "/run.json";
    }
    ~FileWriterTest() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string content() const {
        std::ifstream file(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    [[nodiscard]] std::ptrdiff_t file_count() const {
        return std::distance(std::filesystem::directory_iterator(folder_), {});
    }

    std::string folder_;
    std::string path_;
};

} // namespace

TEST_F(FileWriterTest, WritesWhatIsProduced) {
    ASSERT_TRUE(write_file(path_, [](const Sink& sink) -> Result<void> {
        for (const char* piece : {"one ", "two"}) {
            if (auto taken = sink(piece); !taken) {
                return taken;
            }
        }
        return {};
    }));
    EXPECT_EQ(content(), "one two");
    EXPECT_EQ(file_count(), 1);
}

TEST_F(FileWriterTest, ReplacesAnOldFile) {
    ASSERT_TRUE(write_file(path_, "a long old text"));
    ASSERT_TRUE(write_file(path_, "new"));
    EXPECT_EQ(content(), "new");
}

TEST_F(FileWriterTest, OldFileStaysUntilTheNewOneIsComplete) {
    ASSERT_TRUE(write_file(path_, "old"));
    ASSERT_TRUE(write_file(path_, [&](const Sink& sink) -> Result<void> {
        auto taken = sink("new");
        EXPECT_EQ(content(), "old");
        return taken;
    }));
    EXPECT_EQ(content(), "new");
}

TEST_F(FileWriterTest, FailingProducerLeavesTheOldFileAndNothingElse) {
    ASSERT_TRUE(write_file(path_, "old"));
    const auto written = write_file(path_, [](const Sink& sink) -> Result<void> {
        EXPECT_TRUE(sink("half of the new"));
        return fail(Kind::corrupt, "block 3 is damaged");
    });
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().kind, Kind::corrupt);
    EXPECT_EQ(content(), "old");
    EXPECT_EQ(file_count(), 1);
}

TEST_F(FileWriterTest, MissingFolderIsAnIoErrorThatNamesTheFile) {
    const auto written = write_file(folder_ + "/none/run.json", "text");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().kind, Kind::io);
    EXPECT_NE(written.error().message.find("none/run.json"), std::string::npos);
}

TEST_F(FileWriterTest, FolderInItsPlaceIsKeptAndNoTemporaryIsLeft) {
    std::filesystem::create_directory(path_);
    EXPECT_FALSE(write_file(path_, "text"));
    EXPECT_TRUE(std::filesystem::is_directory(path_));
    EXPECT_EQ(file_count(), 1);
}

TEST_F(FileWriterTest, PermissionsFollowTheUmask) {
    const mode_t old = umask(027);
    ASSERT_TRUE(write_file(path_, "text"));
    umask(old);
    struct stat status{};
    ASSERT_EQ(stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

} // namespace joulemark::report
