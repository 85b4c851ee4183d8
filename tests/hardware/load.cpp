#include "hardware/load.hpp"

#include "core/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace joulemark::hardware {

namespace {

std::vector<std::string> words_of(const std::string& line) {
    std::vector<std::string> words;
    std::size_t at = 0;
    while ((at = line.find_first_not_of(' ', at)) != std::string::npos) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end;
    }
    return words;
}

[[noreturn]] void become(const std::vector<std::string>& command, int output) {
    dup2(output, STDOUT_FILENO);
    std::vector<char*> arguments;
    for (const std::string& word : command) {
        arguments.push_back(const_cast<char*>(word.c_str())); // execvp does not write to them
    }
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(127);
}

} // namespace

Result<Load> Load::start(const std::vector<std::string>& command) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail(Kind::io, fmt::format("pipe: {}", std::strerror(errno)));
    }
    const pid_t child = fork();
    if (child == 0) {
        become(command, ends[1]);
    }
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return fail(Kind::io, fmt::format("fork: {}", std::strerror(errno)));
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return Load(child, ends[0]);
}

Load::Load(Load&& other) noexcept
    : child_(std::exchange(other.child_, -1)), output_(std::exchange(other.output_, -1)),
      pending_(std::move(other.pending_)), about_(std::move(other.about_)),
      open_(std::move(other.open_)), windows_(std::move(other.windows_)),
      exit_status_(other.exit_status_) {}

Load::~Load() {
    if (output_ >= 0) {
        close(output_);
    }
    if (child_ > 0) {
        kill(child_, SIGTERM);
        waitpid(child_, nullptr, 0);
    }
}

void Load::take_line(const std::string& line) {
    const auto words = words_of(line);
    if (words.size() >= 2 && words[0] == "about") {
        about_ = printable(trim(std::string_view(line).substr(5)), 500);
        return;
    }
    const auto ns = words.size() >= 3 ? parse_int(words[2]) : std::nullopt;
    if (!ns) {
        return;
    }
    if (words[0] == "begin") {
        open_.push_back({printable(words[1]), {instant_at(*ns), instant_at(*ns)}, 0.0});
        return;
    }
    const auto begun = std::ranges::find(open_, printable(words[1]), &LoadWindow::name);
    if (words[0] == "end" && begun != open_.end() && instant_at(*ns) > begun->window.begin) {
        begun->window.end = instant_at(*ns);
        begun->flop = words.size() > 3 ? parse_double(words[3]).value_or(0.0) : 0.0;
        windows_.push_back(std::move(*begun));
        open_.erase(begun);
    }
}

bool Load::running() {
    if (child_ <= 0) {
        return false;
    }
    std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t length = read(output_, buffer.data(), buffer.size());
        if (length < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        if (length == 0) {
            break;
        }
        pending_.append(buffer.data(), static_cast<std::size_t>(length));
        for (std::size_t end = 0; (end = pending_.find('\n')) != std::string::npos;) {
            take_line(pending_.substr(0, end));
            pending_.erase(0, end + 1);
        }
    }
    int status = 0;
    waitpid(std::exchange(child_, -1), &status, 0);
    exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return false;
}

} // namespace joulemark::hardware
