#include "report/trace_csv.hpp"

#include "core/trace_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace joulemark::report {

namespace {

constexpr std::size_t piece_bytes = std::size_t{64} << 10U;

// Gathers small writes into pieces worth a call.
class Text {
public:
    explicit Text(const TextSink& sink) : sink_(sink) { text_.reserve(2 * piece_bytes); }

    Text& operator<<(std::string_view more) {
        text_ += more;
        return *this;
    }
    Text& operator<<(char c) {
        text_ += c;
        return *this;
    }

    void time(Instant at) {
        const std::int64_t ns = count_ns(at);
        const auto magnitude =
            ns < 0 ? 0 - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
        fmt::format_to(std::back_inserter(text_),
                       "{}{}.{:09}",
                       ns < 0 ? "-" : "",
                       magnitude / 1'000'000'000,
                       magnitude % 1'000'000'000);
    }

    // Nothing for a value that is missing.
    void value(double value) {
        if (!std::isfinite(value)) {
            return;
        }
        std::array<char, 32> buffer{};
        const auto [end, error] =
            std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
        text_.append(buffer.data(), end);
    }

    [[nodiscard]] Result<void> flush_if_long() {
        return text_.size() < piece_bytes ? Result<void>{} : flush();
    }
    [[nodiscard]] Result<void> flush() {
        if (text_.empty()) {
            return {};
        }
        auto taken = sink_(text_);
        text_.clear();
        return taken;
    }

private:
    const TextSink& sink_;
    std::string text_;
};

// RFC 4180; a name's control characters are escaped already.
std::string quoted(std::string_view field) {
    if (field.find_first_of(",\"") == std::string_view::npos) {
        return std::string(field);
    }
    std::string out = "\"";
    for (const char c : field) {
        if (c == '"') {
            out += '"';
        }
        out += c;
    }
    return out + '"';
}

std::vector<Metric> metrics_of(std::span<const Trace> traces) {
    std::vector<Metric> metrics;
    for (const MetricInfo& row : metric_table()) {
        const auto has = [&](const Trace& t) {
            return t.fast().has(row.metric) || t.slow().has(row.metric);
        };
        if (std::ranges::any_of(traces, has)) {
            metrics.push_back(row.metric);
        }
    }
    // A header without any column could not be told from one of another tool.
    if (metrics.empty()) {
        metrics.push_back(Metric::power);
    }
    return metrics;
}

std::string names_of(const Columns& columns) {
    std::string names;
    for (const MetricInfo& row : metric_table()) {
        if (!columns.has(row.metric)) {
            continue;
        }
        if (!names.empty()) {
            names += ' ';
        }
        names += row.csv;
    }
    return names;
}

void describe(Text& text, const Trace& trace) {
    text << "# device: " << escape_line(trace.info().device.name) << '\n';
    for (const HeaderLine& line : header_lines(trace.info(), trace.report())) {
        text << "# " << line.key << ": " << line.value << '\n';
    }
    text << "# fast: " << names_of(trace.fast()) << '\n';
    text << "# slow: " << names_of(trace.slow()) << '\n';
}

bool has_value(const Columns& columns, std::size_t row) {
    return std::ranges::any_of(columns.column, [row](const std::vector<double>& values) {
        return !values.empty() && std::isfinite(values[row]);
    });
}

// The rows of one device, fast and slow readings merged by time.
class Rows {
public:
    Rows(const Trace& trace, const std::vector<Metric>& metrics)
        : fast_(trace.fast()), slow_(trace.slow()), metrics_(metrics),
          name_(quoted(escape_line(trace.info().device.name))) {}

    [[nodiscard]] Result<std::size_t> write(Text& text) {
        std::size_t count = 0;
        while (fast_row_ < fast_.size() || slow_row_ < slow_.size()) {
            if (slow_row_ < slow_.size() && !has_value(slow_, slow_row_)) {
                ++slow_row_;
                continue;
            }
            write_next(text);
            ++count;
            if (auto flushed = text.flush_if_long(); !flushed) {
                return tl::unexpected(flushed.error());
            }
        }
        return count;
    }

private:
    void write_next(Text& text) {
        const bool fast_left = fast_row_ < fast_.size();
        const bool slow_left = slow_row_ < slow_.size();
        const bool both = fast_left && slow_left &&
                          fast_.time[fast_row_] == slow_.time[slow_row_] &&
                          has_value(fast_, fast_row_);
        const bool fast =
            both || (fast_left && (!slow_left || fast_.time[fast_row_] <= slow_.time[slow_row_]));
        text.time(fast ? fast_.time[fast_row_] : slow_.time[slow_row_]);
        text << ',' << name_;
        for (const Metric metric : metrics_) {
            text << ',';
            const auto of_fast = fast_.values(metric);
            const auto of_slow = slow_.values(metric);
            if (fast && !of_fast.empty()) {
                text.value(of_fast[fast_row_]);
            }
            if ((both || !fast) && !of_slow.empty()) {
                text.value(of_slow[slow_row_]);
            }
        }
        text << '\n';
        fast_row_ += fast ? 1 : 0;
        slow_row_ += both || !fast ? 1 : 0;
    }

    const Columns& fast_;
    const Columns& slow_;
    const std::vector<Metric>& metrics_;
    std::string name_;
    std::size_t fast_row_ = 0;
    std::size_t slow_row_ = 0;
};

} // namespace

Result<std::size_t> write_trace_csv(std::span<const Trace> traces, const TextSink& sink) {
    std::set<std::string_view> names;
    for (const Trace& trace : traces) {
        if (!names.insert(trace.info().device.name).second) {
            return fail(
                Kind::invalid_argument,
                fmt::format("two traces are of a device called \"{}\"; give them different names",
                            escape_line(trace.info().device.name)));
        }
    }
    const std::vector<Metric> metrics = metrics_of(traces);
    Text text(sink);
    text << "# joulemark-trace/1\n";
    for (const Trace& trace : traces) {
        describe(text, trace);
    }
    text << "time_s,device";
    for (const Metric metric : metrics) {
        text << ',' << info_of(metric).csv;
    }
    text << '\n';
    std::size_t count = 0;
    for (const Trace& trace : traces) {
        const auto rows = Rows(trace, metrics).write(text);
        if (!rows) {
            return tl::unexpected(rows.error());
        }
        count += *rows;
    }
    if (auto flushed = text.flush(); !flushed) {
        return tl::unexpected(flushed.error());
    }
    return count;
}

} // namespace joulemark::report
