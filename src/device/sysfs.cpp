#include "device/sysfs.hpp"

#include "core/result.hpp"
#include "core/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <tl/expected.hpp>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace joulemark::device {

namespace {

namespace fs = std::filesystem;

// What an attempt to open or read says about later attempts. EPERM from a read (not from an open,
// where the file's mode speaks) is how amdgpu says that the GPU sleeps or is being reset.
Kind kind_of(int error, bool reading) {
    switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ENOTDIR:
    case ENOTCONN:
        return Kind::not_found;
    case EPERM:
        return reading ? Kind::unavailable : Kind::permission;
    case EACCES:
        return Kind::permission;
    case EAGAIN:
    case EBUSY:
    case EINTR:
    case ENODATA:
    case ETIMEDOUT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return Kind::unavailable;
    case EOPNOTSUPP:
    case EINVAL:
        return Kind::unsupported;
    default:
        return Kind::io;
    }
}

tl::unexpected<Error> explain(const std::string& path, int error, bool reading) {
    const Kind kind = kind_of(error, reading);
    std::string_view hint;
    if (kind == Kind::permission) {
        hint = "; see docs/howto/hwmon-and-rapl.md for who may read it";
    }
    if (reading && error == EPERM) {
        hint = "; the device sleeps or is being reset";
    }
    return fail(kind, fmt::format("{}: {}{}", printable(path), std::strerror(error), hint));
}

} // namespace

SysfsFile::SysfsFile(int descriptor, std::string path)
    : descriptor_(descriptor), path_(std::move(path)) {}

SysfsFile::SysfsFile(SysfsFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

SysfsFile& SysfsFile::operator=(SysfsFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(path_, other.path_);
    return *this;
}

SysfsFile::~SysfsFile() {
    if (descriptor_ >= 0) {
        close(descriptor_);
    }
}

Result<SysfsFile> SysfsFile::open(const std::string& path) {
    // O_NONBLOCK: a FIFO in place of the attribute must not stop the program.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        return explain(path, errno, false);
    }
    SysfsFile file(descriptor, path);
    struct stat status{};
    if (fstat(descriptor, &status) != 0) {
        return explain(path, errno, false);
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(
            Kind::io,
            fmt::format("{}: is not a plain file, as an attribute should be", printable(path)));
    }
    return file;
}

Result<std::string_view> SysfsFile::read_into(char* buffer, std::size_t size) const {
    const auto length = pread(descriptor_, buffer, size, 0);
    if (length < 0) {
        return explain(path_, errno, true);
    }
    // An open descriptor of a removed file would repeat its last value for ever.
    struct stat status{};
    if (fstat(descriptor_, &status) != 0) {
        return explain(path_, errno, true);
    }
    if (status.st_nlink == 0) {
        return explain(path_, ENOENT, true);
    }
    if (static_cast<std::size_t>(length) == size) {
        return fail(Kind::parse,
                    fmt::format("{}: holds {} bytes or more, too much for one value",
                                printable(path_),
                                size));
    }
    return std::string_view(buffer, static_cast<std::size_t>(length));
}

Result<std::int64_t> SysfsFile::read_number() const {
    std::array<char, 64>
        buffer; // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the read
    const auto text = read_into(buffer.data(), buffer.size());
    if (!text) {
        return tl::unexpected(text.error());
    }
    const auto number = parse_int(trim(*text));
    if (!number) {
        return fail(Kind::parse,
                    fmt::format("{}: holds '{}', which is not a number",
                                printable(path_),
                                printable(trim(*text), 40)));
    }
    return *number;
}

Result<std::string> SysfsFile::read_text() const {
    std::string buffer(max_text + 1, '\0');
    const auto text = read_into(buffer.data(), buffer.size());
    if (!text) {
        return tl::unexpected(text.error());
    }
    return printable(trim(text->substr(0, text->find('\n'))));
}

Result<std::int64_t> read_number(const std::string& path) {
    const auto file = SysfsFile::open(path);
    if (!file) {
        return tl::unexpected(file.error());
    }
    return file->read_number();
}

Result<std::string> read_text(const std::string& path) {
    const auto file = SysfsFile::open(path);
    if (!file) {
        return tl::unexpected(file.error());
    }
    return file->read_text();
}

std::optional<double> number_at(const std::string& path) {
    const auto number = read_number(path);
    if (!number) {
        return std::nullopt;
    }
    return static_cast<double>(*number);
}

std::optional<std::string> text_at(const std::string& path) {
    auto text = read_text(path);
    if (!text || text->empty()) {
        return std::nullopt;
    }
    return std::move(*text);
}

std::vector<std::string> entries_of(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        if (names.size() == max_entries) {
            break;
        }
        names.push_back(it->path().filename().string());
    }
    std::ranges::sort(names);
    return names;
}

std::string path_in(const std::string& folder, const std::string& name) {
    return fmt::format("{}/{}", folder, name);
}

bool exists(const std::string& path) {
    std::error_code error;
    return fs::exists(path, error);
}

std::optional<std::string> resolved(const std::string& path) {
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    if (error) {
        return std::nullopt;
    }
    return real.string();
}

} // namespace joulemark::device
