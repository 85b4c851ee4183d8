// The output of `dcgmi dmon -e ...` (NVIDIA DCGM, dcgmi/DeviceMonitor.cpp): a header again and
// again, one row for each GPU and round, cells padded to the columns of the header, "N/A" and
// blanks for what is missing. It has no times: they are counted from the delay that the user tells,
// or stand in front of each line (`dcgmi dmon ... | ts '%FT%.T'`).
#include "core/text.hpp"
#include "device/log_time.hpp"
#include "device/power_log_draft.hpp"
#include "device/power_log_formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace joulemark::device {

namespace {

struct Token {
    std::string_view text;
    std::size_t begin = 0;
    [[nodiscard]] std::size_t end() const { return begin + text.size(); }
};

void tokenize(std::string_view line, std::vector<Token>& tokens) {
    tokens.clear();
    for (std::size_t begin = line.find_first_not_of(" \t"); begin != std::string_view::npos;) {
        const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
        tokens.push_back({line.substr(begin, end - begin), begin});
        begin = line.find_first_not_of(" \t", end);
    }
}

// The time that a line begins with, and how many tokens it takes ("2026-11-20T18:07:00.123" or with
// a blank).
struct LinePrefix {
    std::string_view time;
    std::size_t tokens = 0;
};

LinePrefix prefix_of(std::string_view line, std::span<const Token> tokens) {
    for (const std::size_t count : {1U, 2U}) {
        if (tokens.size() <= count) {
            break;
        }
        const std::string_view text =
            line.substr(tokens[0].begin, tokens[count - 1].end() - tokens[0].begin);
        if (looks_like_time(text)) {
            return {text, count};
        }
    }
    return {};
}

bool is_header(std::span<const Token> tokens) {
    return !tokens.empty() &&
           (tokens[0].text == "#Entity" ||
            (tokens[0].text == "#" && tokens.size() > 1 && tokens[1].text == "Entity"));
}

// Short names of DCGM fields (dcgmlib/src/dcgm_fields.cpp) with the units dmon prints; of two for
// one metric the first.
struct DcgmField {
    std::string_view name;
    Metric metric;
    std::string_view unit;
};

constexpr std::array<DcgmField, 12> known_fields{{
    {"POWINST", Metric::power, "W"},            // 157: NVML field 186
    {"POWER", Metric::power, "W"},              // 155: nvmlDeviceGetPowerUsage
    {"TOTEC", Metric::energy_counter, "mJ"},    // 156
    {"GPUTL", Metric::utilisation, "%"},        // 203
    {"MCUTL", Metric::memory_utilisation, "%"}, // 204
    {"TMPTR", Metric::temperature, "C"},        // 150
    {"MMTMP", Metric::memory_temperature, "C"}, // 140
    {"FBUSD", Metric::memory_used, "MiB"},      // 252
    {"SMCLK", Metric::sm_clock, "MHz"},         // 100
    {"MMCLK", Metric::memory_clock, "MHz"},     // 101
    {"EPLMT", Metric::power_limit, "W"},        // 164
    {"PMLMT", Metric::power_limit, "W"},        // 160
}};

struct DmonColumn {
    std::size_t place; // among the fields of the header
    MetricCells cells;
};

// The columns of a header; a dmon that is restarted with other fields has another one.
struct DmonHeader {
    std::vector<std::size_t> begins; // of the fields, counted from that of the entity
    std::vector<std::string> names;

    friend bool operator==(const DmonHeader&, const DmonHeader&) = default;
};

DmonHeader header_of(std::span<const Token> tokens) {
    DmonHeader header;
    for (const Token& token : tokens.subspan(tokens[0].text == "#" ? 2 : 1)) {
        header.begins.push_back(token.begin - tokens[0].begin);
        header.names.emplace_back(token.text);
    }
    return header;
}

enum class Entity { gpu, other, mig, none };

struct EntityOfRow {
    Entity kind = Entity::none;
    std::string_view number;
    std::size_t tokens = 0;
};

EntityOfRow entity_of(std::span<const Token> tokens) {
    if (tokens.size() < 2) {
        return {};
    }
    const std::string_view kind = tokens[0].text;
    const bool numbered = parse_int(tokens[1].text).value_or(-1) >= 0;
    const bool link = tokens.size() > 2 && tokens[2].text == "LINK";
    if (kind == "GPU" && numbered) {
        return {link ? Entity::other : Entity::gpu, tokens[1].text, 2};
    }
    if ((kind == "GPU-I" || kind == "GPU-CI") && numbered) {
        return {Entity::mig, tokens[1].text, 2};
    }
    for (const std::string_view other : {"vGPU", "Switch", "SW", "LINK", "CPU", "CX", "UNKNOWN"}) {
        if (kind == other) {
            return {Entity::other, {}, 2};
        }
    }
    return {};
}

class DmonLog {
public:
    explicit DmonLog(const PowerLogOptions& options) : options_(options) {}

    Result<PowerLog> read(LineReader& lines) {
        for (Line line; lines.next(line);) {
            if (auto taken = take(line); !taken) {
                return tl::unexpected(taken.error());
            }
        }
        if (lines.error()) {
            return tl::unexpected(*lines.error());
        }
        if (mig_rows_ > 0) {
            notes_.warn(WarningCode::mig_whole_gpu,
                        fmt::format("{} rows of MIG instances were left out: power is that of the "
                                    "whole GPU, in its own rows",
                                    mig_rows_));
        }
        return finish(LogFormat::dcgm_dmon,
                      std::move(drafts_).take(),
                      timed_ == true ? wall_timeline(times_.form(), options_) : LogTimeline{},
                      std::move(notes_));
    }

private:
    Result<void> take(const Line& line) {
        tokenize(line.too_long ? std::string_view{} : line.text, tokens_);
        const LinePrefix prefix = prefix_of(line.text, tokens_);
        const auto rest = std::span<const Token>(tokens_).subspan(prefix.tokens);
        if (is_header(rest)) {
            return take_header(rest);
        }
        const bool nothing = rest.empty() && !line.too_long;
        if (nothing || (!rest.empty() &&
                        (equals_ignoring_case(rest[0].text, "id") || rest[0].text == "dmon"))) {
            return {};
        }
        const EntityOfRow entity = entity_of(rest);
        if (entity.kind == Entity::mig) {
            ++mig_rows_;
        }
        if (entity.kind == Entity::mig || entity.kind == Entity::other) {
            return {};
        }
        notes_.count_row();
        if (entity.kind == Entity::none || header_.names.empty()) {
            notes_.refuse(line.number,
                          {{},
                           line.text,
                           entity.kind == Entity::none ? "is not the row of a GPU"
                                                       : "stands before the header"});
            return {};
        }
        return take_row(line, prefix, rest, entity);
    }

    Result<void> take_header(std::span<const Token> tokens) {
        DmonHeader header = header_of(tokens);
        if (header == header_) {
            return {};
        }
        if (!drafts_.empty()) {
            return fail(
                Kind::parse,
                "its header changes on the way: it is of several runs of dmon; split it there");
        }
        header_ = std::move(header);
        columns_.clear();
        metrics_.clear();
        for (const DcgmField& field : known_fields) {
            const auto found = std::ranges::find(header_.names, field.name);
            if (found == header_.names.end() || std::ranges::count(metrics_, field.metric) != 0) {
                continue;
            }
            auto cells = MetricCells::make(field.name, field.metric, field.unit);
            columns_.push_back(
                {static_cast<std::size_t>(found - header_.names.begin()), std::move(*cells)});
            metrics_.push_back(field.metric);
        }
        const auto has = [this](Metric metric) {
            return std::ranges::count(metrics_, metric) != 0;
        };
        if (!has(Metric::power) && !has(Metric::energy_counter)) {
            return fail(Kind::parse,
                        "none of its fields is a power or an energy; log with `dcgmi dmon -e "
                        "155,156,157,203,204 -d 100`");
        }
        return {};
    }

    // A row of a GPU that is known takes its place in the round even when its values are of no use.
    Result<void> take_row(const Line& line,
                          const LinePrefix& prefix,
                          std::span<const Token> tokens,
                          const EntityOfRow& entity) {
        if (!timed_) {
            timed_ = !prefix.time.empty();
            if (!*timed_ && !options_.interval) {
                return fail(Kind::invalid_argument,
                            "dmon writes no times: say --interval with the delay it was run with "
                            "(-d, one second if it was not given)");
            }
        }
        const auto slot = drafts_.slot(entity.number);
        if (!slot) {
            notes_.refuse(line.number, {"#Entity", entity.number, "is one GPU too many"});
            return {};
        }
        if (slot->is_new) {
            if (!line.terminated && !drafts_.empty()) {
                notes_.refuse(line.number, {{}, line.text, "may be cut off: the file ends in it"});
                return {};
            }
            make_draft(entity.number);
        }
        count_round(slot->index);
        Instant time;
        auto fault = time_of(prefix, time);
        if (!fault) {
            fault = read_values(line, tokens, entity);
        }
        if (fault) {
            notes_.refuse(line.number, *fault);
            return {};
        }
        drafts_.at(slot->index).append(line.number, time, values_);
        for (DmonColumn& column : columns_) {
            column.cells.settle();
        }
        return {};
    }

    void make_draft(std::string_view number) {
        TraceDraft draft(metrics_);
        draft.device.backend = "import";
        draft.device.name = fmt::format("gpu{}", number);
        const bool instant = columns_.front().cells.column() == "POWINST";
        describe_gpu(draft.device,
                     options_.gpu_model,
                     instant ? PowerReading::instant : PowerReading::power_draw,
                     instant ? "DCGM field 157 (POWINST)" : "DCGM field 155 (POWER)");
        if (std::ranges::count(metrics_, Metric::energy_counter) != 0) {
            describe_counter(draft.device, "DCGM field 156 (TOTEC)");
        }
        if (std::ranges::count(metrics_, Metric::power) == 0) {
            draft.device.power_sensor.reset();
        }
        if (timed_ == false) {
            draft.device.notes.push_back(
                fmt::format("times are counted from the delay of {:.3f} s; dmon waits that long "
                            "after each round, so the true ones are "
                            "a little longer",
                            to_seconds(*options_.interval).value()));
        }
        drafts_.put(number, std::move(draft));
    }

    // A GPU that comes again begins a new round.
    void count_round(std::size_t gpu) {
        if (seen_in_round_.size() <= gpu) {
            seen_in_round_.resize(gpu + 1, 0);
        }
        if (seen_in_round_[gpu] == round_) {
            ++round_;
        }
        seen_in_round_[gpu] = round_;
    }

    std::optional<RowFault> time_of(const LinePrefix& prefix, Instant& time) {
        if (*timed_) {
            const auto ns = prefix.time.empty() ? std::nullopt : times_.read(prefix.time);
            if (!ns) {
                return RowFault{{}, prefix.time, "has no time like the other rows"};
            }
            time = instant_at(*ns);
            return std::nullopt;
        }
        const std::int64_t rounds = round_ - 1;
        if (rounds > Nanoseconds::max() / *options_.interval) {
            return RowFault{{}, {}, "is beyond what can be counted"};
        }
        time = instant_at((*options_.interval * rounds).count());
        return std::nullopt;
    }

    std::optional<RowFault> read_values(const Line& line,
                                        std::span<const Token> tokens,
                                        const EntityOfRow& entity) {
        const auto values = tokens.subspan(entity.tokens);
        const bool in_order = values.size() == header_.names.size();
        const std::string_view row = line.text.substr(tokens[0].begin);
        if (!in_order && !stands_in_columns(row)) {
            return RowFault{{}, {}, "has another number of values than the header"};
        }
        for (DmonColumn& column : columns_) {
            const std::string_view cell =
                in_order ? values[column.place].text : cell_at(row, column.place);
            const auto metric = static_cast<std::size_t>(column.cells.metric());
            if (!column.cells.read(cell, values_[metric])) {
                return column.cells.fault(cell);
            }
            if (!line.terminated && column.place + 1 == header_.names.size() &&
                column.cells.may_be_cut(cell)) {
                return RowFault{{}, cell, "may be cut off: the file ends in it"};
            }
        }
        return std::nullopt;
    }

    // Blank cells and names of several words: the padding still says where each column begins.
    // Short rows are cut off.
    [[nodiscard]] bool stands_in_columns(std::string_view row) const {
        return row.size() > header_.begins.back() &&
               std::ranges::all_of(header_.begins, [&](std::size_t begin) {
                   return begin > 0 && row[begin - 1] == ' ';
               });
    }

    [[nodiscard]] std::string_view cell_at(std::string_view row, std::size_t place) const {
        const std::size_t begin = header_.begins[place];
        const std::size_t end =
            place + 1 < header_.begins.size() ? header_.begins[place + 1] : row.size();
        return trim_blanks(row.substr(begin, end - begin));
    }

    const PowerLogOptions& options_;
    std::vector<Token> tokens_;
    DmonHeader header_;
    std::vector<DmonColumn> columns_;
    std::vector<Metric> metrics_;
    RowValues values_{};
    LogTimes times_;
    std::optional<bool> timed_; // whether the rows begin with a time
    DraftsByKey drafts_;
    std::int64_t round_ = 1;
    std::vector<std::int64_t> seen_in_round_; // the last round of each GPU
    std::size_t mig_rows_ = 0;
    LogNotes notes_;
};

} // namespace

bool begins_dcgm_dmon(std::string_view line) {
    std::vector<Token> tokens;
    tokenize(line, tokens);
    return is_header(std::span<const Token>(tokens).subspan(prefix_of(line, tokens).tokens));
}

Result<PowerLog> read_dcgm_dmon(LineReader& lines, const PowerLogOptions& options) {
    return DmonLog(options).read(lines);
}

} // namespace joulemark::device
