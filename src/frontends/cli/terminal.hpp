// Standard output and error as the program uses them: documents and text to the former, logs and
// progress to the latter. The only file that writes to them.
#pragma once

#include "report/text_style.hpp"

#include <string>
#include <string_view>

namespace joulemark::frontends {

enum class Stream { output, error };

// What the stream's terminal can show: colour only on a terminal and without NO_COLOR, UTF-8
// drawing only in a UTF-8 locale, its width (80 when it is none).
[[nodiscard]] report::TextStyle style_of(Stream stream);

// False when not all could be written.
bool write(Stream stream, std::string_view text);

// A line that replaces itself, on standard error when that is a terminal; nothing elsewhere.
class ProgressLine {
public:
    explicit ProgressLine(bool wanted);
    ~ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void show(const std::string& text);
    void clear();

private:
    bool wanted_;
    bool shown_ = false;
};

} // namespace joulemark::frontends
