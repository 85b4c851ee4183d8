#include "store/store_file.hpp"

#include "core/result.hpp"
#include "core/text.hpp"
#include "store/schema.hpp"
#include "store/sqlite.hpp"
#include "store/store.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <tl/expected.hpp>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

namespace joulemark::store {

namespace {

namespace fs = std::filesystem;

constexpr mode_t owner_only_folder = 0700;
constexpr mode_t owner_only_file = 0600;

Kind kind_of(int system_error) {
    switch (system_error) {
    case EACCES:
    case EPERM:
    case EROFS:
        return Kind::permission;
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
        return Kind::invalid_argument;
    default:
        return Kind::io;
    }
}

tl::unexpected<Error> cannot(std::string_view what, const fs::path& path, int system_error) {
    return fail(
        kind_of(system_error),
        fmt::format("{} ({}); check the rights and the disk, or choose another file with --store",
                    what,
                    std::strerror(system_error)),
        printable(path.native(), 4096));
}

Result<void> make_folders(const fs::path& folder) {
    std::error_code ignored;
    if (folder.empty() || fs::is_directory(folder, ignored)) {
        return {};
    }
    if (auto made = make_folders(folder.parent_path()); !made) {
        return made;
    }
    if (::mkdir(folder.c_str(), owner_only_folder) != 0 && errno != EEXIST) {
        return cannot("the folder of the store cannot be made", folder, errno);
    }
    return {};
}

// Makes an empty file without opening it: to close it again would drop the locks that SQLite may
// hold on the same file in another thread (POSIX locks belong to the process).
Result<void> make_file(const fs::path& path) {
    if (auto made = make_folders(path.parent_path()); !made) {
        return made;
    }
    if (::mknod(path.c_str(), S_IFREG | owner_only_file, 0) != 0 && errno != EEXIST) {
        return cannot("the store cannot be made", path, errno);
    }
    return {};
}

Result<void> check_file(const fs::path& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        return cannot("the store cannot be opened", path, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(Kind::invalid_argument,
                    "this is not a file, so it cannot be a store; choose another with --store",
                    printable(path.native(), 4096));
    }
    // Smaller than the smallest page: SQLite itself takes one byte for none.
    constexpr off_t smallest_database = 512;
    if (status.st_size > 0 && status.st_size < smallest_database) {
        return fail(Kind::invalid_argument,
                    "this is not a joulemark store; choose another file with --store",
                    printable(path.native(), 4096));
    }
    if (::access(path.c_str(), R_OK | W_OK) != 0) {
        return cannot("the store cannot be read and written", path, errno);
    }
    // SQLite keeps its log beside the file.
    if (::access(path.parent_path().c_str(), W_OK | X_OK) != 0) {
        return cannot("the folder of the store cannot be written", path.parent_path(), errno);
    }
    return {};
}

// Readers and the writer do not wait for each other in this mode, which the file remembers. To set
// it, SQLite wants the file alone and does not wait for it.
Result<void> use_write_ahead_log(Database& database) {
    constexpr std::chrono::seconds patience{10};
    constexpr std::chrono::milliseconds pause{5};
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
        auto set = database.execute("PRAGMA journal_mode = WAL");
        const bool locked = !set && set.error().kind == Kind::unavailable;
        if (!locked || std::chrono::steady_clock::now() > deadline) {
            return set;
        }
        std::this_thread::sleep_for(pause);
    }
}

} // namespace

Result<std::unique_ptr<Database>> open_store_file(const std::string& name) {
    std::error_code error;
    const fs::path path = fs::absolute(name, error);
    if (name.empty() || error) {
        return fail(Kind::invalid_argument, "the store needs a file name; give one with --store");
    }
    if (auto made = make_file(path); !made) {
        return tl::unexpected(made.error());
    }
    if (auto good = check_file(path); !good) {
        return tl::unexpected(good.error());
    }
    auto database = Database::open(path.native());
    if (!database) {
        return database;
    }
    Result<void> ready = (*database)->execute("PRAGMA foreign_keys = ON;"
                                              "PRAGMA synchronous = NORMAL;"
                                              "PRAGMA trusted_schema = OFF;"
                                              "PRAGMA cell_size_check = ON;"
                                              "PRAGMA journal_size_limit = 4194304");
    ready = ready.and_then([&] { return ensure_schema(**database); });
    ready = ready.and_then([&] { return use_write_ahead_log(**database); });
    if (!ready) {
        return tl::unexpected(ready.error());
    }
    return database;
}

Result<std::string> default_path() {
    const auto folder_in = [](const char* variable) -> fs::path {
        const char* value = std::getenv(variable);
        // The XDG base directory specification wants relative paths to be ignored.
        return value != nullptr && *value == '/' ? fs::path(value) : fs::path();
    };
    if (const fs::path data = folder_in("XDG_DATA_HOME"); !data.empty()) {
        return (data / "joulemark" / "runs.db").native();
    }
    if (const fs::path home = folder_in("HOME"); !home.empty()) {
        return (home / ".local" / "share" / "joulemark" / "runs.db").native();
    }
    return fail(Kind::invalid_argument,
                "there is no place for the store: neither XDG_DATA_HOME nor HOME names a folder; "
                "give a file with --store");
}

} // namespace joulemark::store
