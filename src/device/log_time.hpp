// Reads the times of a power log, one after the other, fast: the date and minute that a time shares
// with the one before are not worked out again. All times of a log have one form, that of the
// first. Not thread-safe: one per log.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace joulemark::device {

enum class TimeForm {
    local, // "2024/04/03 11:36:01.674" (nvidia-smi) or ISO 8601 without a zone: some place's wall
           // clock
    zoned, // ISO 8601 with "Z" or an offset
    epoch_seconds, // "1712144161.674", seconds since 1970 UTC
};

class LogTimes {
public:
    // Nanoseconds since 1970-01-01, of UTC, or of the local clock where no zone is named. Nothing
    // for what is not a time of the years 1970 to 2261, and for a time of another form than the
    // first one. Digits behind the nanosecond are cut off.
    [[nodiscard]] std::optional<std::int64_t> read(std::string_view text);

    // Of the times read so far.
    [[nodiscard]] std::optional<TimeForm> form() const { return form_; }

private:
    [[nodiscard]] std::optional<std::int64_t> read_calendar(std::string_view text, TimeForm& form);

    static constexpr std::size_t prefix_length = 17; // "2024/04/03 11:36:"
    std::array<char, prefix_length> prefix_{
        '1', '9', '7', '0', '-', '0', '1', '-', '0', '1', ' ', '0', '0', ':', '0', '0', ':'};
    std::int64_t prefix_ns_ = 0; // of that minute
    std::optional<TimeForm> form_;
};

// Whether the text has one of the forms above; the fast test of what a column of a file without
// header may be.
[[nodiscard]] bool looks_like_time(std::string_view text);

} // namespace joulemark::device
