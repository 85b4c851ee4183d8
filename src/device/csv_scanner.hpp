// Cuts text into lines and lines into fields, at memory speed and in bounded memory: text of any
// size is read in blocks, a line longer than `LineReader::max_line` is given up and said. One
// reader belongs to one thread.
//
//     LineReader lines(text);
//     CsvFields fields;
//     for (Line line; lines.next(line);)
//         if (fields.split(line.text)) use(fields[0]);
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::device {

// Where the bytes of a text come from when they are not in memory.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    // Fills `room` from its front; says how many bytes, 0 at the end.
    [[nodiscard]] virtual Result<std::size_t> read(std::span<char> room) = 0;
};

struct Line {
    std::string_view text; // without its line break
    std::uint32_t number = 0;
    bool terminated = true; // false for a last line without line break
    bool too_long = false;  // `text` is its beginning only
};

// Lines end with LF, CR LF or CR, mixed as they like. A byte order mark at the beginning is no part
// of the first line.
class LineReader {
public:
    static constexpr std::size_t max_line = std::size_t{1} << 20U;
    static constexpr std::uint64_t max_bytes = (std::uint64_t{1} << 32U) - 1; // 4 GiB

    // `text` outlives the reader.
    explicit LineReader(std::string_view text);
    explicit LineReader(std::unique_ptr<ByteSource> source, std::uint64_t most = max_bytes);

    // Views in `line` live until the next call. False at the end and after an error.
    [[nodiscard]] bool next(Line& line);

    // The next `peek_bytes` of the text, or what there is of them.
    [[nodiscard]] std::string_view peek();
    static constexpr std::size_t peek_bytes = std::size_t{64} << 10U;

    // What stopped the reading early: the source failed, or there was too much.
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

private:
    struct Break {
        std::size_t at = 0;    // length of the line before it
        std::size_t bytes = 0; // 0: not at hand
    };

    [[nodiscard]] bool refill(std::size_t wanted);
    [[nodiscard]] Break find_break();
    void skip_byte_order_mark();
    void consume(std::size_t bytes);
    void give_up_line(Line& line, Break at);

    std::unique_ptr<ByteSource> source_;
    std::vector<char> buffer_;
    std::string_view rest_;           // what is at hand and not yet given out
    const char* line_feed_ = nullptr; // the next LF in `rest_`, or its end; nullptr: not looked for
    std::string shown_;               // the beginning of a line that is too long
    std::uint64_t most_ = max_bytes;
    std::uint64_t bytes_ = 0;
    std::uint32_t number_ = 0;
    bool at_end_ = false; // nothing will follow `rest_`
    bool begun_ = false;
    std::optional<Error> error_;
};

// The fields of one line, RFC 4180 within the line: blanks around a field are no part of it, a
// field in quotes may hold commas and doubled quotes. Quotes do not reach over line breaks, so that
// a cut-off line costs one line.
class CsvFields {
public:
    // False for a quote that is not closed or is followed by more than blanks; the fields are then
    // of no use. The views live as long as `line` and until the next split.
    [[nodiscard]] bool split(std::string_view line);

    [[nodiscard]] std::size_t size() const { return fields_.size(); }
    [[nodiscard]] std::string_view operator[](std::size_t i) const { return fields_[i]; }
    [[nodiscard]] std::span<const std::string_view> all() const { return fields_; }

private:
    [[nodiscard]] bool split_quoted(std::string_view line);

    std::vector<std::string_view> fields_;
    std::string unquoted_;
};

// `text` without blanks (space, tab) at both ends.
[[nodiscard]] std::string_view trim_blanks(std::string_view text);

} // namespace joulemark::device
