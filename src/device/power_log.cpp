#include "device/power_log.hpp"

#include "core/text.hpp"
#include "device/csv_scanner.hpp"
#include "device/power_log_formats.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace joulemark::device {

namespace {

struct Format {
    LogFormat format;
    std::string_view name;
    bool (*begins)(std::string_view line);
    Result<PowerLog> (*read)(LineReader& lines, const PowerLogOptions& options);
};

constexpr std::array<Format, 4> formats{{
    {LogFormat::joulemark, "joulemark", begins_joulemark, read_joulemark},
    {LogFormat::dcgm_dmon, "dcgm-dmon", begins_dcgm_dmon, read_dcgm_dmon},
    {LogFormat::zeus, "zeus", begins_zeus, read_zeus},
    {LogFormat::nvidia_smi, "nvidia-smi", begins_nvidia_smi, read_nvidia_smi},
}};

constexpr std::size_t most_gpus = 1024;

// Why the text cannot be a log of any format; empty when it can.
std::string_view not_text(std::string_view text) {
    if (text.empty()) {
        return "it is empty";
    }
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
        return "it is UTF-16, as `>` of older PowerShells writes; convert it with `iconv -f UTF-16 "
               "-t UTF-8`";
    }
    if (text.starts_with("\x1F\x8B") || text.starts_with("\x28\xB5\x2F\xFD")) {
        return "it is compressed; unpack it first (`zcat FILE | joulemark import -`)";
    }
    const auto control = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\x1b';
    };
    const auto controls = static_cast<std::size_t>(std::ranges::count_if(text, control));
    if (text.find('\0') != std::string_view::npos || controls * 20 > text.size()) {
        return "it is binary, not a text log";
    }
    return {};
}

std::string_view first_line(LineReader lines) {
    for (Line line; lines.next(line);) {
        if (!trim(line.text).empty()) {
            return line.text;
        }
    }
    return {};
}

std::string unknown_log(std::string_view line) {
    if (trim(line).empty()) {
        return "there is nothing in it but blank lines";
    }
    if (line.starts_with("# gpu")) {
        return "it is of `nvidia-smi dmon`, which rounds power to watts; log with "
               "`nvidia-smi --query-gpu=timestamp,index,power.draw --format=csv -lms 100`";
    }
    if (line.starts_with("start_time,window_name")) {
        return "it is a ZeusMonitor log, which has the energy of windows and no power over time; "
               "there is nothing to import";
    }
    return fmt::format("its first line is of no power log known here: \"{}\". Known are the CSV of "
                       "nvidia-smi --query-gpu, "
                       "of the Zeus power monitor and of joulemark, and the output of dcgmi dmon",
                       printable(line, 80));
}

Result<PowerLog> read(LineReader& lines, const PowerLogOptions& options) {
    if (options.gpu_count && (*options.gpu_count == 0 || *options.gpu_count > most_gpus)) {
        return fail(Kind::invalid_argument, fmt::format("--gpus must be 1 to {}", most_gpus));
    }
    if (options.interval && *options.interval <= Nanoseconds{0}) {
        return fail(Kind::invalid_argument, "the interval must be longer than 0");
    }
    const std::string_view text = lines.peek();
    if (lines.error()) {
        return tl::unexpected(*lines.error());
    }
    if (const auto reason = not_text(text); !reason.empty()) {
        return fail(Kind::parse, std::string(reason));
    }
    const std::string_view line = first_line(LineReader(text));
    const auto format = std::ranges::find_if(formats, [&](const Format& f) {
        return options.format == LogFormat::automatic ? f.begins(line) : f.format == options.format;
    });
    if (format == formats.end()) {
        return fail(Kind::parse, unknown_log(line));
    }
    return format->read(lines, options);
}

Result<PowerLog> read_named(LineReader& lines, const PowerLogOptions& options) {
    auto log = read(lines, options);
    if (!log) {
        return fail_in(printable(options.source_name), log.error());
    }
    return log;
}

class FileSource final : public ByteSource {
public:
    FileSource(int descriptor, bool owned) : descriptor_(descriptor), owned_(owned) {}
    ~FileSource() override {
        if (owned_) {
            ::close(descriptor_);
        }
    }
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;

    Result<std::size_t> read(std::span<char> room) override {
        for (;;) {
            const ssize_t count = ::read(descriptor_, room.data(), room.size());
            if (count >= 0) {
                return static_cast<std::size_t>(count);
            }
            if (errno != EINTR) {
                return fail(Kind::io,
                            fmt::format("it cannot be read to its end: {}", std::strerror(errno)));
            }
        }
    }

private:
    int descriptor_;
    bool owned_;
};

Result<std::unique_ptr<ByteSource>> open_source(const std::string& path) {
    if (path == "-") {
        return std::make_unique<FileSource>(STDIN_FILENO, false);
    }
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        const int reason = errno;
        const Kind kind = reason == ENOENT || reason == ENOTDIR ? Kind::not_found
                          : reason == EACCES || reason == EPERM ? Kind::permission
                                                                : Kind::io;
        return fail(kind, fmt::format("it cannot be opened: {}", std::strerror(reason)));
    }
    auto source = std::make_unique<FileSource>(descriptor, true);
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) {
        return fail(Kind::io, std::strerror(errno));
    }
    if (S_ISDIR(status.st_mode)) {
        return fail(Kind::invalid_argument, "it is a folder, not a power log");
    }
    if (S_ISBLK(status.st_mode)) {
        return fail(Kind::invalid_argument, "it is a disk, not a power log");
    }
    return source;
}

} // namespace

std::string_view to_string(LogFormat format) {
    const auto found = std::ranges::find(formats, format, &Format::format);
    return found == formats.end() ? "automatic" : found->name;
}

std::optional<LogFormat> log_format_from(std::string_view name) {
    if (name == "automatic" || name == "auto") {
        return LogFormat::automatic;
    }
    const auto found = std::ranges::find(formats, name, &Format::name);
    return found == formats.end() ? std::nullopt : std::optional(found->format);
}

Result<PowerLog> read_power_log(std::string_view text, const PowerLogOptions& options) {
    LineReader lines(text);
    return read_named(lines, options);
}

Result<PowerLog> read_power_log_file(const std::string& path, PowerLogOptions options) {
    if (options.source_name.empty()) {
        options.source_name = path == "-" ? "standard input" : path;
    }
    auto source = open_source(path);
    if (!source) {
        return fail_in(printable(options.source_name), source.error());
    }
    LineReader lines(std::move(*source));
    return read_named(lines, options);
}

} // namespace joulemark::device
