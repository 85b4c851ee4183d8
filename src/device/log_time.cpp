#include "device/log_time.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace joulemark::device {

namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr std::int64_t max_epoch_seconds = 9'214'646'400; // 2262-01-01
constexpr int last_year = 2261;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Exactly `count` digits from `at` on; -1 when there is anything else.
int digits(std::string_view text, std::size_t at, std::size_t count) {
    if (text.size() < at + count) {
        return -1;
    }
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (!is_digit(text[i])) {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

// ".674" from the front of `text` as nanoseconds, 0 without a point; -1 for a point without digits.
std::int64_t take_fraction(std::string_view& text) {
    if (!text.starts_with('.')) {
        return 0;
    }
    text.remove_prefix(1);
    std::int64_t ns = 0;
    std::int64_t unit = ns_per_second / 10;
    std::size_t count = 0;
    for (; count < text.size() && is_digit(text[count]); ++count, unit /= 10) {
        ns += unit * (text[count] - '0');
    }
    text.remove_prefix(count);
    return count == 0 ? -1 : ns;
}

// Nanoseconds since 1970 of "2024/04/03 11:36:" or "2024-04-03T11:36:".
std::optional<std::int64_t> minute_ns(std::string_view prefix) {
    const bool slashes = prefix[4] == '/' && prefix[7] == '/' && prefix[10] == ' ';
    const bool dashes =
        prefix[4] == '-' && prefix[7] == '-' && (prefix[10] == ' ' || prefix[10] == 'T');
    if ((!slashes && !dashes) || prefix[13] != ':' || prefix[16] != ':') {
        return std::nullopt;
    }
    const int year = digits(prefix, 0, 4);
    const int month = digits(prefix, 5, 2);
    const int day = digits(prefix, 8, 2);
    const int hour = digits(prefix, 11, 2);
    const int minute = digits(prefix, 14, 2);
    if (year < 1970 || year > last_year || month < 1 || day < 1) {
        return std::nullopt;
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) {
        return std::nullopt;
    }
    const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
    return ((days * 24 + hour) * 60 + minute) * 60 * ns_per_second;
}

// "Z", "+02", "+0200", "+02:00": what is to be taken off a local time. Nothing for other text.
std::optional<std::int64_t> zone_offset_ns(std::string_view zone) {
    if (zone == "Z" || zone == "z") {
        return 0;
    }
    if (zone.size() < 3 || (zone[0] != '+' && zone[0] != '-')) {
        return std::nullopt;
    }
    const int hours = digits(zone, 1, 2);
    int minutes = 0;
    if (zone.size() == 5) {
        minutes = digits(zone, 3, 2);
    } else if (zone.size() == 6 && zone[3] == ':') {
        minutes = digits(zone, 4, 2);
    } else if (zone.size() != 3) {
        return std::nullopt;
    }
    if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59) {
        return std::nullopt;
    }
    const std::int64_t offset = (hours * 60 + minutes) * 60 * ns_per_second;
    return zone[0] == '-' ? -offset : offset;
}

std::optional<std::int64_t> epoch_ns(std::string_view text) {
    std::int64_t seconds = 0;
    std::size_t count = 0;
    for (; count < text.size() && count < 11 && is_digit(text[count]); ++count) {
        seconds = seconds * 10 + (text[count] - '0');
    }
    if (count == 0 || seconds >= max_epoch_seconds) {
        return std::nullopt;
    }
    text.remove_prefix(count);
    const std::int64_t fraction = take_fraction(text);
    if (fraction < 0 || !text.empty()) {
        return std::nullopt;
    }
    return seconds * ns_per_second + fraction;
}

} // namespace

std::optional<std::int64_t> LogTimes::read_calendar(std::string_view text, TimeForm& form) {
    if (std::memcmp(text.data(), prefix_.data(), prefix_length) != 0) {
        const auto base = minute_ns(text.substr(0, prefix_length));
        if (!base) {
            return std::nullopt;
        }
        std::copy_n(text.data(), prefix_length, prefix_.data());
        prefix_ns_ = *base;
    }
    const int second = digits(text, prefix_length, 2);
    if (second < 0 || second > 59) {
        return std::nullopt;
    }
    text.remove_prefix(prefix_length + 2);
    const std::int64_t fraction = take_fraction(text);
    if (fraction < 0) {
        return std::nullopt;
    }
    const std::int64_t ns = prefix_ns_ + second * ns_per_second + fraction;
    form = text.empty() ? TimeForm::local : TimeForm::zoned;
    if (text.empty()) {
        return ns;
    }
    const auto offset = zone_offset_ns(text);
    if (!offset || ns < *offset) {
        return std::nullopt;
    }
    return ns - *offset;
}

std::optional<std::int64_t> LogTimes::read(std::string_view text) {
    TimeForm form = TimeForm::epoch_seconds;
    const auto ns = text.size() > prefix_length && !is_digit(text[4]) && text[4] != '.'
                        ? read_calendar(text, form)
                        : epoch_ns(text);
    if (!ns || (form_ && *form_ != form)) {
        return std::nullopt;
    }
    form_ = form;
    return ns;
}

bool looks_like_time(std::string_view text) {
    LogTimes times;
    const auto ns = times.read(text);
    // A small bare number is any measurement rather than a moment of 1970.
    constexpr std::int64_t year_2000 = 946'684'800 * ns_per_second;
    return ns && (times.form() != TimeForm::epoch_seconds || *ns >= year_2000);
}

} // namespace joulemark::device
