// Where the tests of the store take place: folders of their own, other processes, records with
// everything filled in.
#pragma once

#include "core/run.hpp"
#include "store/store.hpp"

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace joulemark::test {

// A folder that vanishes with all that is in it.
class TemporaryFolder {
public:
    TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::string file(const std::string& name) const {
        return (path_ / name).string();
    }

private:
    std::filesystem::path path_;
};

// Runs `work` in a child process, which ends with what it returns.
[[nodiscard]] pid_t start_child(const std::function<int()>& work);
// Exit status of the child, 128 + signal when it was killed.
int wait_for(pid_t child);

[[nodiscard]] std::string contents(const std::string& file);

// A record in which nothing is left at its default.
[[nodiscard]] RunRecord full_record();
// A record of so many plain devices.
[[nodiscard]] RunRecord plain_record(std::size_t devices = 1);

// Opens, or fails the test and gives null.
[[nodiscard]] std::unique_ptr<store::Store> open_store(const std::string& file);

} // namespace joulemark::test
