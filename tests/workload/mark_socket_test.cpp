// The way of marks over a real socket. Whoever asks for marks gets all that were sent before, so
// that nothing waits.
#include "workload/mark_socket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <optional>
#include <string>

namespace joulemark::workload {

namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;

// A sender that follows no rules.
bool send_bytes(const std::string& path, const std::string& bytes) {
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const ssize_t sent = sendto(fd,
                                bytes.data(),
                                bytes.size(),
                                0,
                                reinterpret_cast<const sockaddr*>(&address),
                                sizeof address);
    close(fd);
    return sent == static_cast<ssize_t>(bytes.size());
}

unsigned permissions_of(const std::filesystem::path& path) {
    struct stat status{};
    EXPECT_EQ(stat(path.c_str(), &status), 0);
    return status.st_mode & 0777U;
}

class MarkSocketTest : public testing::Test {
protected:
    void SetUp() override {
        auto opened = MarkSocket::open(clock_);
        ASSERT_TRUE(opened) << opened.error().describe();
        socket_ = std::move(*opened);
    }

    ManualClock clock_{instant_at(5'000'000'000)};
    std::unique_ptr<MarkSocket> socket_;
};

class EnvironmentVariable {
public:
    EnvironmentVariable(const char* name, const std::string& value) : name_(name) {
        if (const char* old = getenv(name)) {
            old_ = old;
        }
        setenv(name, value.c_str(), 1);
    }
    EnvironmentVariable(const EnvironmentVariable&) = delete;
    EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;
    ~EnvironmentVariable() { old_ ? setenv(name_, old_->c_str(), 1) : unsetenv(name_); }

private:
    const char* name_;
    std::optional<std::string> old_;
};

} // namespace

TEST_F(MarkSocketTest, SentMarksArrive) {
    ASSERT_TRUE(
        send_mark(socket_->path(),
                  {.begin = true, .name = "prefill", .id = {}, .time = instant_at(1'000'000'000)}));
    ASSERT_TRUE(send_mark(
        socket_->path(),
        {.begin = false, .name = "prefill", .id = {}, .time = instant_at(2'000'000'000)}));
    const auto marks = socket_->marks(clock_.now());
    ASSERT_EQ(marks.size(), 1U);
    EXPECT_EQ(marks[0],
              (Mark{"prefill", {instant_at(1'000'000'000), instant_at(2'000'000'000)}, true}));
    EXPECT_TRUE(socket_->complaints().empty());
}

TEST_F(MarkSocketTest, MarkWithoutATimeGetsOurs) {
    ASSERT_TRUE(send_bytes(socket_->path(), "begin decode\n"));
    const auto marks = socket_->marks(instant_at(9'000'000'000));
    ASSERT_EQ(marks.size(), 1U);
    EXPECT_EQ(marks[0].window, (Window{clock_.now(), instant_at(9'000'000'000)}));
    EXPECT_FALSE(marks[0].closed);
}

TEST_F(MarkSocketTest, OnlyItsOwnerCanReachIt) {
    const std::filesystem::path path = socket_->path();
    EXPECT_EQ(permissions_of(path.parent_path()), 0700U);
    EXPECT_TRUE(std::filesystem::is_socket(path));
}

TEST_F(MarkSocketTest, NothingIsLeftBehind) {
    const std::filesystem::path path = socket_->path();
    socket_.reset();
    EXPECT_FALSE(std::filesystem::exists(path.parent_path()));
}

TEST_F(MarkSocketTest, SenderAfterCloseIsToldThatNobodyListens) {
    const std::string path = socket_->path();
    socket_.reset();
    const auto sent = send_mark(path, {.begin = true, .name = "late", .id = {}, .time = {}});
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().kind, Kind::unavailable);
    EXPECT_THAT(sent.error().message, HasSubstr("joulemark measure"));
}

TEST_F(MarkSocketTest, HostileDatagramsAreReportedAndDoNoHarm) {
    for (const std::string& bytes : {std::string(),
                                     std::string("\x1b[2J"),
                                     std::string(60'000, 'x'),
                                     std::string("begin a\0b", 9),
                                     std::string("end never-begun"),
                                     std::string("begin ahead 9000000000000000000")}) {
        ASSERT_TRUE(send_bytes(socket_->path(), bytes)) << bytes.size();
        EXPECT_TRUE(socket_->marks(clock_.now()).empty());
    }
    const auto complaints = socket_->complaints();
    EXPECT_EQ(complaints.size(), 6U);
    EXPECT_THAT(complaints, Each(Not(HasSubstr("\x1b"))));
    ASSERT_TRUE(send_bytes(socket_->path(), "begin decode"));
    EXPECT_EQ(socket_->marks(clock_.now()).size(), 1U);
}

TEST_F(MarkSocketTest, NumberOfComplaintsIsBounded) {
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(send_bytes(socket_->path(), "nonsense"));
    }
    EXPECT_TRUE(socket_->marks(clock_.now()).empty());
    EXPECT_EQ(socket_->complaints().size(), 20U);
}

TEST_F(MarkSocketTest, EventThatWouldBeReadAsAnotherIsNotSent) {
    const std::vector<MarkEvent> events{
        {.begin = true, .name = "two words", .id = {}, .time = {}},
        {.begin = true, .name = "a", .id = "1234567", .time = {}},
        {.begin = true, .name = "", .id = {}, .time = {}},
        {.begin = true, .name = "a\nb", .id = {}, .time = {}},
    };
    for (const MarkEvent& event : events) {
        const auto sent = send_mark(socket_->path(), event);
        ASSERT_FALSE(sent) << event.name;
        EXPECT_THAT(sent.error().kind, testing::AnyOf(Kind::parse, Kind::invalid_argument));
    }
    EXPECT_TRUE(socket_->marks(clock_.now()).empty());
}

TEST(SendMark, ImpossiblePathIsRefused) {
    for (const std::string& path : {std::string(), std::string(200, 'p')}) {
        const auto sent = send_mark(path, {.begin = true, .name = "a", .id = {}, .time = {}});
        ASSERT_FALSE(sent);
        EXPECT_EQ(sent.error().kind, Kind::invalid_argument);
    }
}

TEST(MarkSocket, FolderThatCannotBeMadeIsAnErrorThatNamesTmpdir) {
    const EnvironmentVariable folder("TMPDIR", "/nonexistent");
    ManualClock clock;
    const auto opened = MarkSocket::open(clock);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, Kind::io);
    EXPECT_THAT(opened.error().message, HasSubstr("TMPDIR"));
}

TEST(MarkSocket, PathTooLongForASocketLeavesNoFolder) {
    std::string base = testing::TempDir() + "mark-socket-" + std::to_string(getpid());
    std::filesystem::create_directory(base);
    const std::filesystem::path deep = base + "/" + std::string(120, 'd');
    std::filesystem::create_directory(deep);
    const EnvironmentVariable folder("TMPDIR", deep.string());
    ManualClock clock;
    const auto opened = MarkSocket::open(clock);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, Kind::invalid_argument);
    EXPECT_TRUE(std::filesystem::is_empty(deep));
    std::filesystem::remove_all(base);
}

} // namespace joulemark::workload
