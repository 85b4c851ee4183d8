// Real, short-lived processes: how they end, what they are given, what they are told.
#include "workload/command.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

namespace joulemark::workload {

namespace {

using testing::HasSubstr;

constexpr Nanoseconds long_enough = std::chrono::minutes(1);

SystemClock& system_clock() {
    static SystemClock clock;
    return clock;
}

CommandLine shell(const std::string& script) {
    return {.argv = {"/bin/sh", "-c", script}, .extra_environment = {}, .output_to_error = false};
}

std::optional<Exit> run(const CommandLine& line) {
    auto command = Command::start(line, system_clock());
    if (!command) {
        ADD_FAILURE() << command.error().describe();
        return std::nullopt;
    }
    return (*command)->wait_until(system_clock().now() + long_enough);
}

int status_of(const CommandLine& line) {
    const auto exit = run(line);
    return exit ? exit->status : -1;
}

// A child that only a signal ends.
std::unique_ptr<Command> start_waiting_child() {
    auto command = Command::start(
        {.argv = {"sleep", "600"}, .extra_environment = {}, .output_to_error = false},
        system_clock());
    EXPECT_TRUE(command) << command.error().describe();
    return command ? std::move(*command) : nullptr;
}

class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& content = {})
        : path_(testing::TempDir() + "command-test-XXXXXX"), fd_(mkstemp(path_.data())) {
        std::ofstream(path_) << content;
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() {
        close(fd_);
        unlink(path_.c_str());
    }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] std::string content() const {
        std::ifstream file(path_);
        return {std::istreambuf_iterator<char>(file), {}};
    }

private:
    std::string path_;
    int fd_;
};

// One of our standard streams goes elsewhere for a while.
class Redirection {
public:
    Redirection(int stream, int to) : stream_(stream), saved_(dup(stream)) { dup2(to, stream); }
    Redirection(const Redirection&) = delete;
    Redirection& operator=(const Redirection&) = delete;
    ~Redirection() {
        dup2(saved_, stream_);
        close(saved_);
    }

private:
    int stream_;
    int saved_;
};

} // namespace

TEST(Command, ExitStatusComesBack) {
    EXPECT_EQ(status_of(shell("exit 0")), 0);
    EXPECT_EQ(status_of(shell("exit 7")), 7);
    EXPECT_EQ(status_of(shell("exit 255")), 255);
}

TEST(Command, DeathBySignalIsToldInTheShellsWay) {
    const auto exit = run(shell("kill -KILL $$"));
    ASSERT_TRUE(exit);
    EXPECT_TRUE(exit->by_signal);
    EXPECT_EQ(exit->status, 128 + SIGKILL);
}

TEST(Command, ExitStatusAbove128IsNotTakenForASignal) {
    const auto exit = run(shell("exit 137"));
    ASSERT_TRUE(exit);
    EXPECT_FALSE(exit->by_signal);
    EXPECT_EQ(exit->status, 137);
}

TEST(Command, EndIsAfterStartAndStaysWhatItWas) {
    const Instant before = system_clock().now();
    auto command = Command::start(shell("exit 3"), system_clock());
    ASSERT_TRUE(command);
    const auto first = (*command)->wait_until(system_clock().now() + long_enough);
    const auto again = (*command)->wait_until(system_clock().now());
    ASSERT_TRUE(first);
    ASSERT_TRUE(again);
    EXPECT_LE(before, (*command)->started());
    EXPECT_LE((*command)->started(), first->time);
    EXPECT_EQ(first->time, again->time);
    EXPECT_EQ(again->status, 3);
}

TEST(Command, ProgramIsFoundOnThePath) {
    EXPECT_EQ(status_of({.argv = {"true"}, .extra_environment = {}, .output_to_error = false}), 0);
}

TEST(Command, MissingProgramIsNotFound) {
    const auto command = Command::start(
        {.argv = {"no-such-\x1b[2Jprogram"}, .extra_environment = {}, .output_to_error = false},
        system_clock());
    ASSERT_FALSE(command);
    EXPECT_EQ(command.error().kind, Kind::not_found);
    EXPECT_THAT(command.error().message, HasSubstr("no-such-\\x1b[2Jprogram"));
}

TEST(Command, FileThatIsNoProgramIsAMatterOfPermission) {
    const TemporaryFile file("#!/bin/sh\n");
    for (const std::string& path : {file.path(), std::string("/")}) {
        const auto command = Command::start(
            {.argv = {path}, .extra_environment = {}, .output_to_error = false}, system_clock());
        ASSERT_FALSE(command);
        EXPECT_EQ(command.error().kind, Kind::permission);
    }
}

TEST(Command, BinaryOfAnotherKindIsAnIoError) {
    const TemporaryFile file("\x7f no executable format");
    ASSERT_EQ(fchmod(file.fd(), 0700), 0);
    const std::string copy = file.path() + "-copy";
    std::ofstream(copy) << file.content();
    ASSERT_EQ(chmod(copy.c_str(), 0700), 0);
    const auto command = Command::start(
        {.argv = {copy}, .extra_environment = {}, .output_to_error = false}, system_clock());
    unlink(copy.c_str());
    ASSERT_FALSE(command);
    EXPECT_EQ(command.error().kind, Kind::io);
}

TEST(Command, NothingToRunIsAnInvalidArgument) {
    for (const CommandLine& line :
         {CommandLine{},
          CommandLine{.argv = {""}, .extra_environment = {}, .output_to_error = false}}) {
        const auto command = Command::start(line, system_clock());
        ASSERT_FALSE(command);
        EXPECT_EQ(command.error().kind, Kind::invalid_argument);
    }
}

TEST(Command, ExtraEnvironmentReplacesOursAndTheRestIsPassedOn) {
    setenv("JOULEMARK_TEST_KEPT", "kept", 1);
    setenv("JOULEMARK_TEST_REPLACED", "old", 1);
    CommandLine line =
        shell("test \"$JOULEMARK_TEST_KEPT $JOULEMARK_TEST_REPLACED\" = 'kept new = 1' && "
              "test $(env | grep -c JOULEMARK_TEST_REPLACED) = 1");
    line.extra_environment = {{"JOULEMARK_TEST_REPLACED", "new = 1"}};
    EXPECT_EQ(status_of(line), 0);
    unsetenv("JOULEMARK_TEST_KEPT");
    unsetenv("JOULEMARK_TEST_REPLACED");
}

TEST(Command, ArgumentsReachTheProgramAsTheyAre) {
    EXPECT_EQ(status_of({.argv = {"/bin/sh",
                                  "-c",
                                  "test \"$1\" = 'a  b' && test \"$2\" = '' && test $# = 2",
                                  "sh",
                                  "a  b",
                                  ""},
                         .extra_environment = {},
                         .output_to_error = false}),
              0);
}

TEST(Command, OutputGoesToOurStandardOutputOrOnRequestToStandardError) {
    for (const bool to_error : {false, true}) {
        const TemporaryFile output;
        const TemporaryFile error;
        CommandLine line = shell("echo said; echo complained >&2");
        line.output_to_error = to_error;
        {
            const Redirection first(STDOUT_FILENO, output.fd());
            const Redirection second(STDERR_FILENO, error.fd());
            EXPECT_EQ(status_of(line), 0);
        }
        EXPECT_EQ(output.content(), to_error ? "" : "said\n");
        EXPECT_EQ(error.content(), to_error ? "said\ncomplained\n" : "complained\n");
    }
}

TEST(Command, StandardInputIsOurs) {
    const TemporaryFile input("line\n");
    const Redirection redirection(STDIN_FILENO, input.fd());
    EXPECT_EQ(status_of(shell("read word && test \"$word\" = line")), 0);
}

TEST(Command, WaitingStopsAtTheDeadline) {
    const auto command = start_waiting_child();
    ASSERT_TRUE(command);
    EXPECT_FALSE(command->wait_until(system_clock().now()));
    const Instant deadline = system_clock().now() + std::chrono::milliseconds(1);
    EXPECT_FALSE(command->wait_until(deadline));
    EXPECT_GE(system_clock().now(), deadline);
    command->signal(SIGKILL);
    EXPECT_TRUE(command->wait_until(system_clock().now() + long_enough));
}

TEST(Command, SignalsArePassedOn) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        const auto command = start_waiting_child();
        ASSERT_TRUE(command);
        command->signal(number);
        const auto exit = command->wait_until(system_clock().now() + long_enough);
        ASSERT_TRUE(exit);
        EXPECT_TRUE(exit->by_signal);
        EXPECT_EQ(exit->status, 128 + number);
        command->signal(number); // to nobody: its process id may belong to another one by now
    }
}

TEST(Command, SignalsThatWeBlockOrIgnoreReachTheChild) {
    sigset_t block;
    sigset_t before;
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &block, &before);
    const auto old = std::signal(SIGINT, SIG_IGN);
    EXPECT_EQ(status_of(shell("kill -TERM $$; exit 0")), 128 + SIGTERM);
    EXPECT_EQ(status_of(shell("kill -INT $$; exit 0")), 128 + SIGINT);
    std::signal(SIGINT, old);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// Some launchers start programs with SIGCHLD ignored; the kernel then forgets how children ended.
TEST(Command, ExitStatusComesBackWhereSigchldWasIgnored) {
    const auto old = std::signal(SIGCHLD, SIG_IGN);
    EXPECT_EQ(status_of(shell("exit 7")), 7);
    std::signal(SIGCHLD, old);
}

} // namespace joulemark::workload
