// Reads single attributes of sysfs, or of a tree that looks like it: bounded, never blocking, with
// errors that a person can act on. A `SysfsFile` owns one descriptor and belongs to one thread; the
// free functions are safe anywhere.
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::device {

// Keeps an attribute open, so that a reading costs two system calls. Kinds of its errors: not_found
// (gone, also when the file was removed or replaced behind the open descriptor), permission,
// unavailable (the driver has no value just now), unsupported (the driver never will), parse (not a
// number), io.
class SysfsFile {
public:
    [[nodiscard]] static Result<SysfsFile> open(const std::string& path);

    SysfsFile(SysfsFile&& other) noexcept;
    SysfsFile& operator=(SysfsFile&& other) noexcept;
    SysfsFile(const SysfsFile&) = delete;
    SysfsFile& operator=(const SysfsFile&) = delete;
    ~SysfsFile();

    [[nodiscard]] Result<std::int64_t> read_number() const;
    // The first line, trimmed and printable. More than `max_text` bytes are refused: no attribute
    // is a book.
    [[nodiscard]] Result<std::string> read_text() const;

    static constexpr std::size_t max_text = 4096; // what the kernel lets one attribute say

private:
    SysfsFile(int descriptor, std::string path);
    [[nodiscard]] Result<std::string_view> read_into(char* buffer, std::size_t size) const;

    int descriptor_ = -1;
    std::string path_;
};

[[nodiscard]] Result<std::int64_t> read_number(const std::string& path);
[[nodiscard]] Result<std::string> read_text(const std::string& path);

// Nothing for an attribute that is not there or cannot be read: for what is nice to know.
[[nodiscard]] std::optional<double> number_at(const std::string& path);
[[nodiscard]] std::optional<std::string> text_at(const std::string& path);

// Names in a folder, sorted, at most `max_entries`; empty when it is not there.
[[nodiscard]] std::vector<std::string> entries_of(const std::string& folder);
inline constexpr std::size_t max_entries = 4096;

[[nodiscard]] std::string path_in(const std::string& folder, const std::string& name);
[[nodiscard]] bool exists(const std::string& path);

// The path with its symbolic links resolved; nothing when it leads nowhere.
[[nodiscard]] std::optional<std::string> resolved(const std::string& path);

} // namespace joulemark::device
