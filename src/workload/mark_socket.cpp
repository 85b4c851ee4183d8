#include "workload/mark_socket.hpp"

#include "core/text.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <stop_token>
#include <system_error>
#include <thread>

namespace joulemark::workload {

namespace {

constexpr int stop_check_ms = 20;
constexpr std::size_t max_complaints = 20;
constexpr std::size_t receive_bytes = 1024;
constexpr std::size_t most_at_once = 10'000;

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return fail(Kind::invalid_argument,
                    fmt::format("'{}' cannot be the path of a socket: it must have 1 to {} bytes",
                                printable(path),
                                sizeof address.sun_path - 1));
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

class FileDescriptor {
public:
    explicit FileDescriptor(int fd) : fd_(fd) {}
    ~FileDescriptor() {
        if (fd_ >= 0) {
            close(fd_);
        }
    }
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    FileDescriptor& operator=(FileDescriptor&&) = delete;
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

// sockaddr_un is an IPv4-era "subclass" of sockaddr: the cast is what the interface asks for.
const sockaddr* as_sockaddr(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(
        &address); // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast)
}

class ListeningSocket final : public MarkSocket {
public:
    ListeningSocket(FileDescriptor socket, std::string folder, std::string path, Clock& clock)
        : socket_(std::move(socket)), folder_(std::move(folder)), path_(std::move(path)),
          clock_(clock), thread_([this](const std::stop_token& stop) { receive_until(stop); }) {}

    ~ListeningSocket() override {
        thread_ = {};
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    ListeningSocket(const ListeningSocket&) = delete;
    ListeningSocket& operator=(const ListeningSocket&) = delete;

    [[nodiscard]] const std::string& path() const override { return path_; }

    [[nodiscard]] std::vector<Mark> marks(Instant end) override {
        receive_waiting();
        const std::lock_guard lock(mutex_);
        return ledger_.marks(end);
    }

    [[nodiscard]] std::vector<std::string> complaints() override {
        const std::lock_guard lock(mutex_);
        return complaints_;
    }

private:
    void receive_until(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            pollfd entry{socket_.get(), POLLIN, 0};
            if (poll(&entry, 1, stop_check_ms) > 0) {
                receive_waiting();
            }
        }
    }

    void receive_waiting() {
        std::array<char, receive_bytes> buffer{};
        // All that waits now is far less than this; a sender that never pauses must not hold us for
        // ever.
        for (std::size_t i = 0; i < most_at_once; ++i) {
            const std::lock_guard lock(mutex_);
            const ssize_t got = recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (got < 0) {
                return;
            }
            const Instant now = clock_.now();
            const auto event = parse_mark({buffer.data(), static_cast<std::size_t>(got)});
            const Result<void> taken =
                event ? ledger_.add(*event, now) : Result<void>(tl::unexpected(event.error()));
            if (!taken && complaints_.size() < max_complaints) {
                complaints_.push_back(taken.error().message);
            }
        }
    }

    FileDescriptor socket_;
    std::string folder_;
    std::string path_;
    Clock& clock_;
    std::mutex mutex_;
    MarkLedger ledger_;
    std::vector<std::string> complaints_;
    std::jthread thread_; // last: it uses all of the above
};

Result<std::string> private_folder() {
    const char* base =
        std::getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    std::string folder =
        std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/joulemark-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) {
        return fail(Kind::io,
                    fmt::format("no temporary folder for the marks' socket: {}; set TMPDIR to a "
                                "folder you may write to",
                                std::strerror(errno)));
    }
    return folder;
}

} // namespace

Result<std::unique_ptr<MarkSocket>> MarkSocket::open(Clock& clock) {
    auto folder = private_folder();
    if (!folder) {
        return tl::unexpected(folder.error());
    }
    const std::string path = *folder + "/marks";
    FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto address = address_of(path);
    if (!address || socket.get() < 0 ||
        bind(socket.get(), as_sockaddr(*address), sizeof *address) != 0) {
        const int error = errno;
        std::error_code ignored;
        std::filesystem::remove_all(*folder, ignored);
        if (!address) {
            return tl::unexpected(address.error());
        }
        return fail(Kind::io,
                    fmt::format("the marks' socket cannot be made: {}", std::strerror(error)));
    }
    return std::make_unique<ListeningSocket>(std::move(socket), *folder, path, clock);
}

Result<void> send_mark(const std::string& socket_path, const MarkEvent& event) {
    const auto address = address_of(socket_path);
    if (!address) {
        return tl::unexpected(address.error());
    }
    const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const std::string line = format_mark(event);
    const auto read = parse_mark(line);
    if (!read) {
        return tl::unexpected(read.error());
    }
    if (*read != event) {
        return fail(Kind::invalid_argument,
                    fmt::format("'{}' would be read as another mark; name and id must be words "
                                "without blanks, and an id "
                                "without a time no long number",
                                printable(line)));
    }
    const ssize_t sent = sendto(socket.get(),
                                line.data(),
                                line.size(),
                                MSG_NOSIGNAL,
                                as_sockaddr(*address),
                                sizeof *address);
    if (sent == static_cast<ssize_t>(line.size())) {
        return {};
    }
    return fail(Kind::unavailable,
                fmt::format("nobody listens for marks at '{}' ({}); run this inside 'joulemark "
                            "measure -- COMMAND'",
                            printable(socket_path),
                            std::strerror(errno)));
}

} // namespace joulemark::workload
