#include "workload/command.hpp"

#include "core/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

extern char** environ; // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace joulemark::workload {

namespace {

constexpr int shell_signal_base = 128;
// Where the kernel has no pidfd, the child's end is noticed within this.
constexpr auto poll_without_pidfd = std::chrono::milliseconds(2);

// Our environment with `extra` in place of variables of the same name.
std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& extra) {
    std::vector<std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::string_view name = text.substr(0, text.find('='));
        const bool replaced =
            std::ranges::any_of(extra, [&](const auto& pair) { return pair.first == name; });
        if (!replaced) {
            out.emplace_back(text);
        }
    }
    for (const auto& [name, value] : extra) {
        out.push_back(name + "=" + value);
    }
    return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
    std::vector<char*> out;
    out.reserve(strings.size() + 1);
    for (std::string& s : strings) {
        out.push_back(s.data());
    }
    out.push_back(nullptr);
    return out;
}

// The front end blocks signals to receive them on a thread of its own; the command must not inherit
// that.
class SpawnAttributes {
public:
    SpawnAttributes() {
        posix_spawnattr_init(&attributes_);
        sigset_t none;
        sigemptyset(&none);
        sigset_t ours;
        sigemptyset(&ours);
        for (const int number :
             {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGXFSZ}) {
            sigaddset(&ours, number);
        }
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setsigdefault(&attributes_, &ours);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        posix_spawn_file_actions_init(&actions_);
    }
    ~SpawnAttributes() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    SpawnAttributes(const SpawnAttributes&) = delete;
    SpawnAttributes& operator=(const SpawnAttributes&) = delete;

    void send_output_to_error() {
        posix_spawn_file_actions_adddup2(&actions_, STDERR_FILENO, STDOUT_FILENO);
    }
    [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }
    [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }

private:
    posix_spawnattr_t attributes_{};
    posix_spawn_file_actions_t actions_{};
};

tl::unexpected<Error> spawn_failure(int error, const std::string& program) {
    const std::string name = printable(program);
    if (error == ENOENT) {
        return fail(Kind::not_found,
                    fmt::format("there is no program '{}' on the PATH; check the spelling", name));
    }
    if (error == EACCES || error == EPERM) {
        return fail(Kind::permission, fmt::format("'{}' may not be run; is it executable?", name));
    }
    return fail(Kind::io, fmt::format("'{}' cannot be started: {}", name, std::strerror(error)));
}

// Where a launcher left SIGCHLD ignored, the kernel would forget how the child ended.
void keep_exit_statuses() {
    struct sigaction action{};
    if (sigaction(SIGCHLD, nullptr, &action) != 0 || action.sa_handler != SIG_IGN) {
        return;
    }
    action.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &action, nullptr);
}

int open_pidfd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

class ChildCommand final : public Command {
public:
    ChildCommand(pid_t pid, Instant started, Clock& clock)
        : pid_(pid), started_(started), clock_(clock), pidfd_(open_pidfd(pid)) {}
    ~ChildCommand() override {
        if (pidfd_ >= 0) {
            close(pidfd_);
        }
    }
    ChildCommand(const ChildCommand&) = delete;
    ChildCommand& operator=(const ChildCommand&) = delete;

    [[nodiscard]] Instant started() const override { return started_; }

    [[nodiscard]] std::optional<Exit> wait_until(Instant deadline) override {
        for (;;) {
            if (reap()) {
                return exit_;
            }
            const Nanoseconds left = deadline - clock_.now();
            if (left <= Nanoseconds{0}) {
                return std::nullopt;
            }
            wait_for_change(left);
        }
    }

    void signal(int number) override {
        if (!exit_) {
            kill(pid_, number);
        }
    }

private:
    // True when the child has ended, now or before.
    bool reap() {
        if (exit_) {
            return true;
        }
        int status = 0;
        if (waitpid(pid_, &status, WNOHANG) != pid_) {
            return false;
        }
        const Instant now = clock_.now();
        exit_ = WIFSIGNALED(status) ? Exit{shell_signal_base + WTERMSIG(status), true, now}
                                    : Exit{WEXITSTATUS(status), false, now};
        return true;
    }

    void wait_for_change(Nanoseconds left) const {
        if (pidfd_ < 0) {
            std::this_thread::sleep_for(std::min<Nanoseconds>(left, poll_without_pidfd));
            return;
        }
        pollfd entry{pidfd_, POLLIN, 0};
        const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
        constexpr std::int64_t longest_ms = 1000;
        poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(ms, longest_ms)));
    }

    pid_t pid_;
    Instant started_;
    Clock& clock_;
    int pidfd_;
    std::optional<Exit> exit_;
};

} // namespace

Result<std::unique_ptr<Command>> Command::start(const CommandLine& line, Clock& clock) {
    if (line.argv.empty() || line.argv.front().empty()) {
        return fail(Kind::invalid_argument, "no command is given after '--'");
    }
    std::vector<std::string> arguments = line.argv;
    std::vector<std::string> environment = environment_with(line.extra_environment);
    const std::vector<char*> argv = pointers_to(arguments);
    const std::vector<char*> envp = pointers_to(environment);
    SpawnAttributes spawn;
    if (line.output_to_error) {
        spawn.send_output_to_error();
    }
    keep_exit_statuses();
    pid_t pid = 0;
    const Instant before = clock.now();
    const int error = posix_spawnp(
        &pid, argv.front(), spawn.actions(), spawn.attributes(), argv.data(), envp.data());
    if (error != 0) {
        return spawn_failure(error, line.argv.front());
    }
    return std::make_unique<ChildCommand>(pid, before, clock);
}

} // namespace joulemark::workload
