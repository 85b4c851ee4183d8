#include "device/csv_scanner.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace joulemark::device {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t block_bytes = std::size_t{256} << 10U;
constexpr std::size_t shown_of_long_line = 80;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trim_front(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    return text;
}

const char* find(std::string_view text, char c) {
    const void* at = text.empty() ? nullptr : std::memchr(text.data(), c, text.size());
    return at != nullptr ? static_cast<const char*>(at) : text.data() + text.size();
}

tl::unexpected<Error> too_large() {
    return fail(
        Kind::parse,
        "it is larger than 4 GiB, more than is imported at once; split it with `split -C 1G`");
}

} // namespace

LineReader::LineReader(std::string_view text) : rest_(text), at_end_(true) {
    if (text.size() > max_bytes) {
        error_ = too_large().value();
        rest_ = {};
    }
}

LineReader::LineReader(std::unique_ptr<ByteSource> source, std::uint64_t most)
    : source_(std::move(source)), most_(most) {}

// Moves what is at hand to the front of the buffer and reads behind it until there are `wanted`
// bytes or the end.
bool LineReader::refill(std::size_t wanted) {
    if (at_end_ || rest_.size() >= wanted) {
        return !error_;
    }
    if (buffer_.size() < wanted + block_bytes / 2) {
        std::vector<char> larger(wanted + block_bytes);
        std::ranges::copy(rest_, larger.begin());
        buffer_ = std::move(larger);
    } else if (!rest_.empty()) {
        std::memmove(buffer_.data(), rest_.data(), rest_.size());
    }
    std::size_t filled = rest_.size();
    while (filled < wanted && !at_end_ && !error_) {
        const auto count = source_->read(std::span(buffer_).subspan(filled));
        if (!count) {
            error_ = count.error();
        } else {
            at_end_ = *count == 0;
            filled += *count;
            bytes_ += *count;
            if (bytes_ > most_) {
                error_ = too_large().value();
            }
        }
    }
    rest_ = {buffer_.data(), error_ ? 0 : filled};
    line_feed_ = nullptr;
    return !error_;
}

void LineReader::skip_byte_order_mark() {
    begun_ = true;
    if (refill(byte_order_mark.size()) && rest_.starts_with(byte_order_mark)) {
        consume(byte_order_mark.size());
    }
}

std::string_view LineReader::peek() {
    if (!begun_) {
        skip_byte_order_mark();
    }
    return refill(peek_bytes) ? rest_.substr(0, peek_bytes) : std::string_view{};
}

LineReader::Break LineReader::find_break() {
    // Where the next LF is gets remembered: with CR alone it would be looked for to the end for
    // every line.
    if (line_feed_ == nullptr) {
        line_feed_ = find(rest_, '\n');
    }
    const auto feed = static_cast<std::size_t>(line_feed_ - rest_.data());
    const auto at = static_cast<std::size_t>(find(rest_.substr(0, feed), '\r') - rest_.data());
    if (at == feed) {
        return {at, feed < rest_.size() ? 1U : 0U};
    }
    if (at + 1 == feed && feed < rest_.size()) {
        return {at, 2};
    }
    // A CR as the last byte at hand may be half of a CR LF.
    return {at, at + 1 < rest_.size() || at_end_ ? 1U : 0U};
}

void LineReader::consume(std::size_t bytes) {
    rest_.remove_prefix(bytes);
    if (line_feed_ < rest_.data()) {
        line_feed_ = nullptr;
    }
}

bool LineReader::next(Line& line) {
    if (!begun_) {
        skip_byte_order_mark();
    }
    if (error_) {
        return false;
    }
    for (;;) {
        const Break found = find_break();
        if (found.at > max_line) {
            give_up_line(line, found);
            return true;
        }
        if (found.bytes != 0 || (at_end_ && !rest_.empty())) {
            line = {rest_.substr(0, found.at), ++number_, found.bytes != 0, false};
            consume(found.at + found.bytes);
            return true;
        }
        if (at_end_ || !refill(rest_.size() + peek_bytes)) {
            return false;
        }
    }
}

void LineReader::give_up_line(Line& line, Break found) {
    shown_ = rest_.substr(0, shown_of_long_line);
    for (; found.bytes == 0 && !at_end_; found = find_break()) {
        consume(found.at);
        if (!refill(rest_.size() + peek_bytes)) {
            break;
        }
    }
    line = {shown_, ++number_, found.bytes != 0, true};
    consume(std::min(found.at + found.bytes, rest_.size()));
}

bool CsvFields::split(std::string_view line) {
    fields_.clear();
    if (find(line, '"') != line.data() + line.size()) {
        return split_quoted(line);
    }
    for (;;) {
        const std::size_t length = static_cast<std::size_t>(find(line, ',') - line.data());
        fields_.push_back(trim_blanks(line.substr(0, length)));
        if (length == line.size()) {
            return true;
        }
        line.remove_prefix(length + 1);
    }
}

bool CsvFields::split_quoted(std::string_view line) {
    unquoted_.clear();
    unquoted_.reserve(line.size()); // the views below stay good
    for (;;) {
        line = trim_front(line);
        std::string_view field;
        if (!line.starts_with('"')) {
            const std::size_t length = static_cast<std::size_t>(find(line, ',') - line.data());
            field = trim_blanks(line.substr(0, length));
            line.remove_prefix(length);
        } else {
            const std::size_t begin = unquoted_.size();
            line.remove_prefix(1);
            for (;;) {
                const std::size_t length = static_cast<std::size_t>(find(line, '"') - line.data());
                if (length == line.size()) {
                    return false;
                }
                unquoted_.append(line.substr(0, length));
                line.remove_prefix(length + 1);
                if (!line.starts_with('"')) {
                    break;
                }
                unquoted_.push_back('"');
                line.remove_prefix(1);
            }
            field = std::string_view(unquoted_).substr(begin);
            line = trim_front(line);
            if (!line.empty() && line.front() != ',') {
                return false;
            }
        }
        fields_.push_back(field);
        if (line.empty()) {
            return true;
        }
        line.remove_prefix(1);
    }
}

std::string_view trim_blanks(std::string_view text) {
    text = trim_front(text);
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

} // namespace joulemark::device
