#include "frontends/cli/terminal.hpp"

#include "core/text.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace joulemark::frontends {

namespace {

int descriptor(Stream stream) { return stream == Stream::output ? STDOUT_FILENO : STDERR_FILENO; }

// Read once at start-up, before any thread changes the environment (none does).
std::string_view variable(const char* name) {
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? std::string_view{} : std::string_view(value);
}

// The first of these that is set decides, as in setlocale(3).
bool locale_is_utf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const std::string value = to_lower(variable(name));
        if (value.empty()) {
            continue;
        }
        return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
    }
    return false;
}

std::size_t width_of(int fd) {
    constexpr std::size_t narrowest = 40;
    constexpr std::size_t widest = 160;
    constexpr std::size_t usual = 80;
    winsize size{};
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return std::clamp<std::size_t>(size.ws_col, narrowest, widest);
    }
    if (const auto columns = parse_int(variable("COLUMNS")); columns && *columns > 0) {
        return std::clamp<std::size_t>(static_cast<std::size_t>(*columns), narrowest, widest);
    }
    return usual;
}

} // namespace

report::TextStyle style_of(Stream stream) {
    const int fd = descriptor(stream);
    const bool terminal = isatty(fd) == 1;
    return {terminal && variable("NO_COLOR").empty() && variable("TERM") != "dumb",
            locale_is_utf8(),
            width_of(fd)};
}

bool write(Stream stream, std::string_view text) {
    while (!text.empty()) {
        const ssize_t done = ::write(descriptor(stream), text.data(), text.size());
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
}

ProgressLine::ProgressLine(bool wanted) : wanted_(wanted && isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::show(const std::string& text) {
    if (!wanted_) {
        return;
    }
    shown_ = true;
    write(Stream::error, "\r\x1b[K" + text);
}

void ProgressLine::clear() {
    if (!shown_) {
        return;
    }
    shown_ = false;
    write(Stream::error, "\r\x1b[K");
}

} // namespace joulemark::frontends
