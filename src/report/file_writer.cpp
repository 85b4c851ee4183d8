#include "report/file_writer.hpp"

#include "core/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace joulemark::report {

namespace {

tl::unexpected<Error> io_failure(const std::string& path, std::string_view step) {
    return fail(Kind::io,
                fmt::format("'{}' cannot be {}: {}; nothing was changed",
                            printable(path),
                            step,
                            std::strerror(errno)));
}

// A temporary file beside the target, gone unless it was renamed.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& target)
        : name_(target + ".XXXXXX"), fd_(mkstemp(name_.data())) {}
    ~TemporaryFile() {
        if (fd_ >= 0) {
            close(fd_);
        }
        if (fd_ >= 0 && !kept_) {
            unlink(name_.c_str());
        }
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    [[nodiscard]] bool is_open() const { return fd_ >= 0; }

    [[nodiscard]] bool write_all(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t done = ::write(fd_, text.data(), text.size());
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
    [[nodiscard]] bool become(const std::string& target) {
        const mode_t mask = umask(0);
        umask(mask);
        constexpr mode_t everyone = 0666;
        if (fchmod(fd_, everyone & ~mask) != 0 || fsync(fd_) != 0) {
            return false;
        }
        kept_ = std::rename(name_.c_str(), target.c_str()) == 0;
        return kept_;
    }

private:
    std::string name_;
    int fd_;
    bool kept_ = false;
};

// So that the rename itself survives a power cut. Not all file systems can: then it is as good as
// it gets.
void flush_folder_of(const std::string& path) {
    std::string copy = path;
    const int folder = open(dirname(copy.data()), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return;
    }
    fsync(folder);
    close(folder);
}

} // namespace

Result<void> write_file(const std::string& path,
                        const std::function<Result<void>(const Sink&)>& produce) {
    TemporaryFile file(path);
    if (!file.is_open()) {
        return io_failure(path, "created");
    }
    const Sink sink = [&](std::string_view text) -> Result<void> {
        if (!file.write_all(text)) {
            return io_failure(path, "written");
        }
        return {};
    };
    if (auto produced = produce(sink); !produced) {
        return produced;
    }
    if (!file.become(path)) {
        return io_failure(path, "put in place");
    }
    flush_folder_of(path);
    return {};
}

Result<void> write_file(const std::string& path, std::string_view content) {
    return write_file(path, [&](const Sink& sink) { return sink(content); });
}

} // namespace joulemark::report
