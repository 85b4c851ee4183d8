#include "core/trace_header.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace joulemark {

namespace {

std::string text_of(double value) {
    std::array<char, 32> buffer{};
    const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    return {buffer.data(), end};
}

// How a value of each kind is written; an empty text is no line.
std::string write(const std::string& value) { return escape_line(value); }
std::string write(bool value) { return value ? "yes" : "no"; }
std::string write(double value) { return text_of(value); }
std::string write(std::uint64_t value) { return fmt::format("{}", value); }
std::string write(Nanoseconds value) { return fmt::format("{}", value.count()); }
std::string write(Boundary value) { return std::string(to_string(value)); }
std::string write(Source value) { return std::string(to_string(value)); }
template <int E, int T, int K, int B> std::string write(Quantity<E, T, K, B> value) {
    return text_of(value.value());
}
std::string write(const WallAnchor& value) {
    return fmt::format("{} {}", count_ns(value.monotonic), value.unix_ns);
}
std::string write(const Gap& value) {
    return fmt::format("{} {} {}",
                       count_ns(value.window.begin),
                       count_ns(value.window.end),
                       to_string(value.reason));
}

template <class Enum> bool read_name(std::string_view text, Enum& value, int count) {
    for (int i = 0; i < count; ++i) {
        if (to_string(static_cast<Enum>(i)) != text) {
            continue;
        }
        value = static_cast<Enum>(i);
        return true;
    }
    return false;
}

bool read(std::string_view text, std::string& value) {
    auto unescaped = unescape_line(text);
    if (unescaped) {
        value = std::move(*unescaped);
    }
    return unescaped.has_value();
}
bool read(std::string_view text, bool& value) {
    value = text == "yes";
    return value || text == "no";
}
bool read(std::string_view text, double& value) {
    const auto number = parse_double(text);
    value = number.value_or(0.0);
    return number.has_value();
}
bool read(std::string_view text, std::int64_t& value) {
    const auto number = parse_int(text);
    value = number.value_or(0);
    return number.has_value();
}
bool read(std::string_view text, std::uint64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}
bool read(std::string_view text, Nanoseconds& value) {
    std::int64_t count = 0;
    const bool good = read(text, count);
    value = Nanoseconds{count};
    return good;
}
bool read(std::string_view text, Boundary& value) {
    return read_name(text, value, static_cast<int>(Boundary::unknown) + 1);
}
bool read(std::string_view text, Source& value) {
    return read_name(text, value, static_cast<int>(Source::assumed) + 1);
}
template <int E, int T, int K, int B>
bool read(std::string_view text, Quantity<E, T, K, B>& value) {
    double number = 0.0;
    const bool good = read(text, number);
    value = Quantity<E, T, K, B>{number};
    return good;
}

// "5 7 rest": the numbers before the rest.
bool take_integer(std::string_view& text, std::int64_t& value) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    const bool good = read(text.substr(0, blank), value);
    text = text.substr(std::min(blank + 1, text.size()));
    return good;
}

bool read(std::string_view text, WallAnchor& value) {
    std::int64_t monotonic = 0;
    const bool good =
        take_integer(text, monotonic) && take_integer(text, value.unix_ns) && text.empty();
    value.monotonic = instant_at(monotonic);
    return good;
}

bool read(std::string_view text, Gap& value) {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    const bool good = take_integer(text, begin) && take_integer(text, end) && begin <= end;
    value.window = {instant_at(begin), instant_at(end)};
    return good && read_name(text, value.reason, static_cast<int>(GapReason::absent_in_source) + 1);
}

// Writes every field that is there.
class Writer {
public:
    template <class T> void operator()(std::string_view key, const T& value) {
        std::string text = write(value);
        if (!text.empty()) {
            lines_.push_back({prefix_ + std::string(key), std::move(text)});
        }
    }
    template <class T> void operator()(std::string_view key, const std::optional<T>& value) {
        if (value) {
            (*this)(key, *value);
        }
    }
    template <class T> void operator()(std::string_view key, const std::vector<T>& values) {
        for (const T& value : values) {
            (*this)(key, value);
        }
    }
    template <class T, class Fields>
    void group(std::string_view prefix, const std::optional<T>& value, Fields fields) {
        if (!value) {
            return;
        }
        prefix_ = prefix;
        fields(*this, *value);
        prefix_.clear();
    }
    [[nodiscard]] std::vector<HeaderLine> take() { return std::move(lines_); }

private:
    std::vector<HeaderLine> lines_;
    std::string prefix_;
};

// Reads the one field that the line is about.
class Reader {
public:
    explicit Reader(const HeaderLine& line) : key_(line.key), text_(line.value) {}

    template <class T> void operator()(std::string_view key, T& value) {
        if (key != key_) {
            return;
        }
        known_ = true;
        good_ = read(text_, value);
    }
    template <class T> void operator()(std::string_view key, std::optional<T>& value) {
        if (key == key_) {
            (*this)(key, value.emplace());
        }
    }
    template <class T> void operator()(std::string_view key, std::vector<T>& values) {
        if (key == key_ && values.size() < SamplingReport::max_gaps) {
            (*this)(key, values.emplace_back());
        }
    }
    template <class T, class Fields>
    void group(std::string_view prefix, std::optional<T>& value, Fields fields) {
        if (!key_.starts_with(prefix)) {
            return;
        }
        Reader inner(*this);
        inner.key_.remove_prefix(prefix.size());
        T read_into = value.value_or(T{});
        fields(inner, read_into);
        if (inner.known_ && inner.good_) {
            value = std::move(read_into);
        }
        known_ = inner.known_;
        good_ = inner.good_;
    }

    [[nodiscard]] bool known() const { return known_; }
    [[nodiscard]] bool good() const { return good_; }

private:
    std::string_view key_;
    std::string_view text_;
    bool known_ = false;
    bool good_ = true;
};

constexpr auto sensor_fields = [](auto& visit, auto& sensor) {
    visit("field", sensor.field);
    visit("update_period_s", sensor.update_period);
    visit("averaging_window_s", sensor.averaging_window);
    visit("delay_s", sensor.delay);
    visit("gain_uncertainty", sensor.gain_uncertainty);
    visit("origin", sensor.origin);
};

constexpr auto counter_fields = [](auto& visit, auto& counter) {
    visit("field", counter.field);
    visit("tick_s", counter.tick);
    visit("gain_uncertainty", counter.gain_uncertainty);
    visit("origin", counter.origin);
};

constexpr auto device_fields = [](auto& visit, auto& device) {
    visit("backend", device.backend);
    visit("product", device.product);
    visit("uuid", device.uuid);
    visit("serial", device.serial);
    visit("pci_bus_id", device.pci_bus_id);
    visit("vbios", device.vbios);
    visit("driver", device.driver);
    visit("architecture", device.architecture);
    visit("compute_capability", device.compute_capability);
    visit("memory_total_bytes", device.memory_total);
    visit("power_limit_w", device.power_limit);
    visit("power_limit_default_w", device.power_limit_default);
    visit("power_limit_min_w", device.power_limit_min);
    visit("power_limit_max_w", device.power_limit_max);
    visit("idle_power_w", device.idle_power);
    visit("persistence_mode", device.persistence_mode);
    visit("mig_enabled", device.mig_enabled);
    visit("virtual_gpu", device.virtual_gpu);
    visit("simulated", device.simulated);
    visit("boundary", device.boundary);
    visit.group("power_sensor.", device.power_sensor, sensor_fields);
    visit.group("average_sensor.", device.average_sensor, sensor_fields);
    visit.group("counter.", device.counter, counter_fields);
    visit("note", device.notes);
};

constexpr auto report_fields = [](auto& visit, auto& report) {
    visit("samples", report.samples);
    visit("missed_deadlines", report.missed_deadlines);
    visit("failed_reads", report.failed_reads);
    visit("unchanged_readings", report.unchanged_readings);
    visit("rejected_times", report.rejected_times);
    visit("times_lost", report.times_lost);
    visit("latency_p50_ns", report.latency_p50);
    visit("latency_p99_ns", report.latency_p99);
    visit("lateness_p99_ns", report.lateness_p99);
    visit("lateness_max_ns", report.lateness_max);
    visit("cpu_time_s", report.cpu_time);
    visit("wall_step_ns", report.wall_step);
    visit("still_lost", report.still_lost);
    visit("gap_count", report.gap_count);
    visit("gap_total_ns", report.gap_total);
    visit("gap", report.gaps);
};

// One list for both directions.
template <class Visit, class Info, class Report>
void visit_fields(Visit& visit, Info& info, Report& report) {
    device_fields(visit, info.device);
    visit("interval_ns", info.interval);
    visit("anchor_ns", info.anchor);
    visit("merged", info.merged);
    report_fields(visit, report);
}

bool must_escape(std::string_view text, std::size_t i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool at_end = i == 0 || i + 1 == text.size();
    return byte < 0x20 || byte == 0x7F || text[i] == '\\' || (at_end && text[i] == ' ');
}

} // namespace

std::string escape_line(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (must_escape(text, i)) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i]));
        } else {
            out += text[i];
        }
    }
    return out;
}

std::optional<std::string> unescape_line(std::string_view line) {
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] != '\\') {
            out += line[i];
            continue;
        }
        unsigned value = 0;
        const std::string_view digits = line.substr(std::min(i + 2, line.size()), 2);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (i + 1 >= line.size() || line[i + 1] != 'x' || digits.size() != 2 ||
            error != std::errc{} || end != digits.data() + 2) {
            return std::nullopt;
        }
        out += static_cast<char>(value);
        i += 3;
    }
    return out;
}

std::vector<HeaderLine> header_lines(const TraceInfo& info, const SamplingReport& report) {
    Writer writer;
    visit_fields(writer, info, report);
    return writer.take();
}

Result<bool> read_header_line(const HeaderLine& line, TraceHeader& header) {
    TraceHeader before = header;
    Reader reader(line);
    visit_fields(reader, header.info, header.report);
    if (reader.good()) {
        return reader.known();
    }
    header = std::move(before);
    return fail(Kind::parse,
                fmt::format("{}: \"{}\" is not such a value",
                            printable(line.key, 60),
                            printable(line.value, 60)));
}

} // namespace joulemark
