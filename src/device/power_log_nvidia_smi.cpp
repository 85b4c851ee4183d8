// nvidia-smi --query-gpu=... --format=csv, with and without units and header.
#include "core/text.hpp"
#include "device/power_log_bursts.hpp"
#include "device/power_log_draft.hpp"
#include "device/power_log_formats.hpp"
#include "device/power_log_nvidia_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace joulemark::device {

namespace {

class NvidiaSmiLog {
public:
    explicit NvidiaSmiLog(const PowerLogOptions& options) : options_(options) {}

    Result<PowerLog> read(LineReader& lines) {
        for (Line line; lines.next(line);) {
            if (trim_blanks(line.text).empty()) {
                continue;
            }
            if (auto taken = take(line); !taken) {
                return tl::unexpected(taken.error());
            }
        }
        if (lines.error()) {
            return tl::unexpected(*lines.error());
        }
        if (!columns_) {
            return fail(Kind::parse, "it holds no rows");
        }
        return columns_->has_key() ? conclude(std::move(drafts_).take()) : separate();
    }

private:
    Result<void> take(const Line& line) {
        const bool cut_up = !line.too_long && fields_.split(line.text);
        if (!columns_) {
            return begin(line, cut_up);
        }
        take_row(line, cut_up);
        return {};
    }

    Result<void> begin(const Line& line, bool cut_up) {
        if (!cut_up) {
            return fail(Kind::parse,
                        fmt::format("line {} is no header of nvidia-smi", line.number));
        }
        const bool has_header = NvidiaColumns::is_header(fields_);
        if (!has_header && !NvidiaColumns::is_row(fields_)) {
            return fail(Kind::parse,
                        fmt::format("line {} is neither a header nor a row of nvidia-smi: \"{}\"",
                                    line.number,
                                    printable(line.text, 80)));
        }
        auto columns =
            has_header ? NvidiaColumns::from_header(fields_) : NvidiaColumns::from_row(fields_);
        if (!columns) {
            return tl::unexpected(columns.error());
        }
        columns_ = std::move(*columns);
        if (has_header) {
            header_.assign(fields_.all().begin(), fields_.all().end());
        } else {
            take_row(line, true);
        }
        return {};
    }

    void take_row(const Line& line, bool cut_up) {
        const auto fault = fault_of(line, cut_up);
        // A tool that was started again onto the same file writes its header once more.
        if (fault && cut_up && NvidiaColumns::is_header(fields_)) {
            other_header_ = !std::ranges::equal(fields_.all(), header_);
            return;
        }
        notes_.count_row();
        if (fault) {
            notes_.refuse(line.number, *fault);
            return;
        }
        TraceDraft* const draft = draft_of_row();
        if (draft == nullptr) {
            notes_.refuse(
                line.number,
                {"", row_.key, "is one GPU too many: this column does not tell GPUs apart"});
            return;
        }
        draft->append(line.number, instant_at(row_.time_ns), row_.values);
        columns_->settle(fields_);
    }

    std::optional<RowFault> fault_of(const Line& line, bool cut_up) {
        if (line.too_long) {
            return RowFault{{}, line.text, "begins a line longer than 1 MiB"};
        }
        if (!cut_up) {
            return RowFault{{}, line.text, "has a quote that is not closed"};
        }
        if (other_header_) {
            return RowFault{{}, {}, "follows another header than the first: split the file there"};
        }
        if (auto fault = columns_->read(fields_, line.terminated, row_)) {
            return fault;
        }
        // The key may be what was cut off: only a GPU that is known already is believed.
        if (!line.terminated && columns_->has_key() && !drafts_.empty() &&
            !drafts_.knows(row_.key)) {
            return RowFault{{}, row_.key, "names a new GPU in a line that may be cut off"};
        }
        return std::nullopt;
    }

    TraceDraft* draft_of_row() {
        if (!columns_->has_key()) {
            if (drafts_.empty()) {
                first_name_ = row_.name;
            }
            names_differ_ = names_differ_ || row_.name != first_name_;
        }
        const auto slot = drafts_.slot(row_.key);
        if (!slot) {
            return nullptr;
        }
        if (!slot->is_new) {
            return &drafts_.at(slot->index);
        }
        TraceDraft draft(columns_->metrics());
        draft.device.backend = "import";
        columns_->describe(fields_, options_.gpu_model, draft.device);
        if (columns_->unknown_count() > 0) {
            draft.device.notes.push_back(
                fmt::format("{} columns of the log were left out: nothing says what they are",
                            columns_->unknown_count()));
        }
        return &drafts_.put(row_.key, std::move(draft));
    }

    // The rows of a log without an index column, one GPU or several.
    Result<PowerLog> separate() {
        std::vector<TraceDraft> drafts = std::move(drafts_).take();
        if (drafts.empty() || options_.gpu_count == 1U) {
            return finish_with(std::move(drafts));
        }
        TraceDraft& rows = drafts.front();
        const BurstFinding finding =
            find_bursts(rows.time, rows.column[static_cast<std::size_t>(Metric::power)]);
        if (options_.gpu_count) {
            return deal(rows, finding);
        }
        if (finding.verdict == Interleaving::one && !names_differ_) {
            return finish_with(std::move(drafts));
        }
        return refusal(finding);
    }

    Result<PowerLog> refusal(const BurstFinding& finding) const {
        constexpr std::string_view better = "better, log again with `index` in --query-gpu";
        if (finding.verdict == Interleaving::one) {
            return fail(
                Kind::invalid_argument,
                fmt::format("it holds rows of different GPUs without an index column; {}", better));
        }
        const std::string cut =
            finding.whole_seconds ? " (or the times were cut to whole seconds)" : "";
        if (finding.verdict == Interleaving::unclear) {
            return fail(Kind::invalid_argument,
                        fmt::format("it has no index column and may hold several GPUs{}: {}. Say "
                                    "--gpus 1 if it was one, "
                                    "--gpus N if it was more; {}",
                                    cut,
                                    finding.describe(),
                                    better));
        }
        if (finding.threshold == Nanoseconds{0}) {
            return fail(
                Kind::invalid_argument,
                fmt::format("it seems to hold {} GPUs without an index column: {}. Without a pause "
                            "between the rounds "
                            "the rows cannot be told apart; {}. Say --gpus 1 if it was one GPU",
                            finding.rows_per_burst,
                            finding.describe(),
                            better));
        }
        return fail(Kind::invalid_argument,
                    fmt::format("it holds {} GPUs without an index column{}: {}. Say --gpus {} to "
                                "deal the rows out in turn; {}",
                                finding.rows_per_burst,
                                cut,
                                finding.describe(),
                                finding.rows_per_burst,
                                better));
    }

    // Row k of every whole burst goes to GPU k; bursts of any other length are kept out.
    Result<PowerLog> deal(TraceDraft& rows, const BurstFinding& finding) {
        const std::size_t gpus = *options_.gpu_count;
        const std::vector<Burst> bursts = finding.threshold > Nanoseconds{0}
                                              ? bursts_of(rows.time, finding.threshold)
                                              : std::vector<Burst>{};
        const auto whole =
            static_cast<std::size_t>(std::ranges::count(bursts, gpus, &Burst::count));
        if (bursts.empty() || whole * 2 < bursts.size()) {
            return fail(Kind::invalid_argument,
                        bursts.empty()
                            ? fmt::format("its rows cannot be dealt out to {} GPUs: no pause "
                                          "between the rounds stands out",
                                          gpus)
                            : fmt::format("its rows cannot be dealt out to {} GPUs: they come {}",
                                          gpus,
                                          finding.describe()));
        }
        std::vector<TraceDraft> drafts;
        for (std::size_t k = 0; k < gpus; ++k) {
            drafts.emplace_back(rows.metrics());
            drafts.back().device = rows.device;
            drafts.back().device.name = fmt::format("gpu{}", k);
            if (names_differ_) {
                columns_->describe_product(options_.gpu_model, drafts.back().device);
            }
            drafts.back().device.notes.push_back(
                "told from the other GPUs of its log by its place in each burst of rows");
        }
        for (const Burst& burst : bursts) {
            if (burst.count == gpus) {
                for (std::size_t k = 0; k < gpus; ++k) {
                    drafts[k].append_from(rows, burst.first + k);
                }
            } else {
                keep_out(rows, burst, gpus);
            }
        }
        return finish_with(std::move(drafts));
    }

    void keep_out(const TraceDraft& rows, const Burst& burst, std::size_t gpus) {
        const std::string problem =
            fmt::format("stands in a burst of {} rows where {} were expected", burst.count, gpus);
        for (std::size_t i = burst.first; i < burst.first + burst.count; ++i) {
            notes_.refuse(rows.line[i], {{}, {}, problem});
        }
    }

    Result<PowerLog> conclude(std::vector<TraceDraft> drafts) {
        if (options_.gpu_count && *options_.gpu_count != drafts.size()) {
            return fail(Kind::invalid_argument,
                        fmt::format("its rows name {} GPUs, not {}; leave --gpus out",
                                    drafts.size(),
                                    *options_.gpu_count));
        }
        return finish_with(std::move(drafts));
    }

    Result<PowerLog> finish_with(std::vector<TraceDraft> drafts) {
        return finish(LogFormat::nvidia_smi,
                      std::move(drafts),
                      wall_timeline(columns_->time_form(), options_),
                      std::move(notes_));
    }

    const PowerLogOptions& options_;
    CsvFields fields_;
    NvidiaRow row_;
    std::optional<NvidiaColumns> columns_;
    std::vector<std::string> header_;
    DraftsByKey drafts_; // of rows that name no GPU, all under the empty key
    LogNotes notes_;
    std::string first_name_;
    bool names_differ_ = false;
    bool other_header_ = false;
};

} // namespace

bool begins_nvidia_smi(std::string_view line) {
    CsvFields fields;
    return fields.split(line) &&
           (NvidiaColumns::is_header(fields) || NvidiaColumns::is_row(fields));
}

Result<PowerLog> read_nvidia_smi(LineReader& lines, const PowerLogOptions& options) {
    return NvidiaSmiLog(options).read(lines);
}

} // namespace joulemark::device
