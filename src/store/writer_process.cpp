#include "store/writer_process.hpp"

#include "core/text.hpp"
#include "core/time.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

namespace joulemark::store {

namespace {

struct ProcessStatus {
    char state = '?';
    std::int64_t started = 0;
};

// proc(5): "pid (name) state ppid ... starttime ...", where the name may hold blanks and
// parentheses.
std::optional<ProcessStatus> status_of(std::int64_t pid) {
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) {
        return std::nullopt;
    }
    constexpr int fields_between_state_and_start = 18;
    std::istringstream fields(text.substr(name_end + 1));
    ProcessStatus status;
    fields >> status.state;
    std::string skipped;
    for (int i = 0; i < fields_between_state_and_start; ++i) {
        fields >> skipped;
    }
    fields >> status.started;
    return fields ? std::optional(status) : std::nullopt;
}

bool exists(std::int64_t pid) {
    if (pid <= 0 || pid > std::numeric_limits<pid_t>::max()) {
        return false;
    }
    return ::kill(static_cast<pid_t>(pid), 0) == 0 || errno != ESRCH;
}

} // namespace

WriterProcess this_process(Instant now) {
    WriterProcess self;
    self.pid = ::getpid();
    self.started = status_of(self.pid).value_or(ProcessStatus{}).started;
    std::ifstream boot("/proc/sys/kernel/random/boot_id");
    std::getline(boot, self.boot);
    struct stat status{};
    if (::stat("/proc/self/ns/pid", &status) == 0) {
        self.pid_namespace = static_cast<std::int64_t>(status.st_ino);
    }
    self.seen = now;
    return self;
}

bool is_gone(const WriterProcess& writer, const WriterProcess& self) {
    // The write-ahead log lives in shared memory, so a writer on another machine cannot be alive.
    if (writer.boot != self.boot) {
        return true;
    }
    if (writer.pid_namespace != self.pid_namespace) {
        return self.seen - writer.seen > sign_of_life_patience;
    }
    if (!exists(writer.pid)) {
        return true;
    }
    const auto status = status_of(writer.pid);
    if (!status) {
        return false;
    }
    return status->state == 'Z' || status->state == 'X' || status->started != writer.started;
}

} // namespace joulemark::store
