#include "store/run_writer.hpp"

#include "core/clock.hpp"
#include "core/metric.hpp"
#include "core/result.hpp"
#include "core/run.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"
#include "store/bytes.hpp"
#include "store/run_rows.hpp"
#include "store/sqlite.hpp"
#include "store/store.hpp"
#include "store/writer_process.hpp"

#include <fmt/format.h>
#include <tl/expected.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace joulemark::store {

namespace {

// With few rows in each, more small blocks than this would make a file that is slow to read.
constexpr std::size_t most_tail_blocks = 256;
constexpr std::size_t longest_id = 64;

bool is_usable_id(std::string_view id) {
    const auto is_plain = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '_' || c == '.';
    };
    return id.size() <= longest_id && std::ranges::all_of(id, is_plain) && id != "last";
}

bool is_taken(Transaction& tx, std::string_view id) {
    std::int64_t key = 0;
    return tx.query("SELECT run FROM runs WHERE id = ?", id).next(key);
}

// Gives the record an id that no other run has.
void choose_id(Transaction& tx, RunRecord& record) {
    if (!record.id.empty()) {
        if (is_taken(tx, record.id)) {
            tx.refuse({Kind::invalid_argument,
                       fmt::format("there is a run '{}' already; choose another id", record.id),
                       {}});
        }
        return;
    }
    do {
        record.id = make_run_id(record.created_unix_ns, random_bits());
    } while (is_taken(tx, record.id));
}

Result<void> check_rows(const Columns& rows,
                        std::optional<Instant> last,
                        std::string_view channel) {
    const auto fault = [&](std::string_view what) {
        return fail(Kind::invalid_argument,
                    fmt::format("{} samples cannot be stored: {}", channel, what));
    };
    if (std::ranges::adjacent_find(rows.time, std::greater_equal<>{}) != rows.time.end() ||
        (last && !rows.empty() && rows.time.front() <= *last)) {
        return fault("their times do not increase");
    }
    if (std::ranges::any_of(rows.column, [&](const auto& values) {
            return !values.empty() && values.size() != rows.size();
        })) {
        return fault("their columns differ in length");
    }
    return {};
}

Columns rows_from(const Columns& all, std::size_t first) {
    const auto offset = static_cast<std::ptrdiff_t>(first);
    Columns rest;
    rest.time.assign(all.time.begin() + offset, all.time.end());
    for (std::size_t i = 0; i < metric_count; ++i) {
        if (!all.column[i].empty()) {
            rest.column[i].assign(all.column[i].begin() + offset, all.column[i].end());
        }
    }
    return rest;
}

} // namespace

Result<std::unique_ptr<RunWriter>> SqliteRunWriter::begin(std::unique_ptr<Database> database,
                                                          RunRecord& record) {
    if (!is_usable_id(record.id)) {
        return fail(
            Kind::invalid_argument,
            fmt::format("a run cannot have this id; use up to {} letters, digits, '-', '_' and '.'",
                        longest_id));
    }
    const SystemClock clock;
    RunRecord begun = record;
    begun.state = RunState::recording;
    if (begun.created_unix_ns == 0) {
        begun.created_unix_ns = clock.unix_ns();
    }
    Transaction tx(*database, Access::write);
    choose_id(tx, begun);
    StoredRun run = insert_run(tx, begun, this_process(clock.now()));
    if (auto done = tx.commit(); !done) {
        return tl::unexpected(done.error());
    }
    record = std::move(begun);
    return std::unique_ptr<RunWriter>(new SqliteRunWriter(std::move(database), std::move(run)));
}

SqliteRunWriter::SqliteRunWriter(std::unique_ptr<Database> database, StoredRun run)
    : database_(std::move(database)), run_(std::move(run)), tails_(run_.device_keys.size()),
      seen_(clock_.now()) {}

SqliteRunWriter::~SqliteRunWriter() {
    if (!finished_) {
        // Should it fail, the run is found interrupted when this process is gone.
        Transaction tx(*database_, Access::write);
        set_interrupted(tx, run_.key);
        clear_writer(tx, run_.key);
        std::ignore = tx.commit();
    }
}

Result<void> SqliteRunWriter::append(std::size_t device, const Columns& fast, const Columns& slow) {
    if (finished_ || device >= tails_.size()) {
        return fail(Kind::invalid_argument,
                    finished_ ? "the run is finished: nothing can be added to it"
                              : fmt::format("the run has no device number {}: it began with {}",
                                            device,
                                            tails_.size()));
    }
    const std::array<const Columns*, channel_names.size()> rows{&fast, &slow};
    for (std::size_t channel = 0; channel < rows.size(); ++channel) {
        if (auto good =
                check_rows(*rows[channel], tails_[device][channel].last, channel_names[channel]);
            !good) {
            return good;
        }
    }
    if (fast.empty() && slow.empty()) {
        return {};
    }
    std::array<Change, channel_names.size()> changes;
    for (std::size_t channel = 0; channel < rows.size(); ++channel) {
        changes[channel] = plan(tails_[device][channel], *rows[channel]);
    }
    Transaction tx(*database_, Access::write);
    for (std::size_t channel = 0; channel < rows.size(); ++channel) {
        write(tx, device, channel, changes[channel]);
    }
    const Instant now = clock_.now();
    const bool sign_of_life_due = now - seen_ >= sign_of_life_interval;
    if (sign_of_life_due) {
        set_seen(tx, run_.key, now);
    }
    if (auto done = tx.commit(); !done) {
        return done;
    }
    seen_ = sign_of_life_due ? now : seen_;
    for (std::size_t channel = 0; channel < rows.size(); ++channel) {
        tails_[device][channel].take(*rows[channel], std::move(changes[channel].tail));
    }
    return {};
}

void Tail::take(const Columns& added, std::optional<Tail> replacement) {
    if (added.empty()) {
        return;
    }
    if (replacement) {
        *this = std::move(*replacement);
    } else {
        rows.append(added);
        ++blocks;
    }
    last = added.time.back();
}

SqliteRunWriter::Change SqliteRunWriter::plan(const Tail& tail, const Columns& added) {
    Change change;
    if (added.empty()) {
        return change;
    }
    if (tail.rows.size() + added.size() < block_rows && tail.blocks < most_tail_blocks) {
        change.blocks.push_back(encode(added, 0, added.size()));
        return change;
    }
    Columns joined;
    if (tail.blocks > 0) {
        change.joins_tail = true;
        joined = tail.rows;
        joined.append(added);
    }
    const Columns& all = change.joins_tail ? joined : added;
    std::size_t first = 0;
    for (; first + block_rows <= all.size(); first += block_rows) {
        change.blocks.push_back(encode(all, first, block_rows));
    }
    change.tail.emplace();
    if (first < all.size()) {
        change.blocks.push_back(encode(all, first, all.size() - first));
        change.tail->rows = rows_from(all, first);
        change.tail->blocks = 1;
    }
    return change;
}

SqliteRunWriter::Change SqliteRunWriter::plan_end(const Tail& tail) {
    Change change;
    if (tail.blocks > 1) {
        change.joins_tail = true;
        change.blocks.push_back(encode(tail.rows, 0, tail.rows.size()));
    }
    return change;
}

SqliteRunWriter::EncodedBlock SqliteRunWriter::encode(const Columns& rows,
                                                      std::size_t first,
                                                      std::size_t count) {
    return {.first = rows.time[first], .rows = count, .data = encoder_.encode(rows, first, count)};
}

void SqliteRunWriter::write(Transaction& tx,
                            std::size_t device,
                            std::size_t channel,
                            const Change& change) {
    const std::int64_t key = run_.device_keys[device];
    if (change.joins_tail) {
        tx.run("DELETE FROM blocks WHERE device = ? AND channel = ? AND first_ns >= ?",
               key,
               channel_names[channel],
               tails_[device][channel].rows.time.front());
    }
    for (const EncodedBlock& block : change.blocks) {
        tx.run("INSERT INTO blocks(device, channel, first_ns, rows, data) VALUES (?, ?, ?, ?, ?)",
               key,
               channel_names[channel],
               block.first,
               block.rows,
               BlobView(block.data));
    }
}

Result<void> SqliteRunWriter::check(const RunRecord& record) const {
    if (finished_) {
        return fail(Kind::invalid_argument, "the run is finished: its record cannot be changed");
    }
    if (record.id != run_.record.id || record.devices.size() != tails_.size()) {
        return fail(Kind::invalid_argument,
                    fmt::format("this is the record of another run than '{}', or its devices have "
                                "changed in number",
                                run_.record.id));
    }
    return {};
}

Result<void> SqliteRunWriter::update(const RunRecord& record) {
    if (auto good = check(record); !good) {
        return good;
    }
    StoredRun changed{
        .key = run_.key, .record = record, .writer = {}, .device_keys = run_.device_keys};
    changed.record.state = RunState::recording;
    Transaction tx(*database_, Access::write);
    update_run(tx, changed);
    return tx.commit();
}

Result<void> SqliteRunWriter::finish(const RunRecord& record,
                                     const std::vector<SamplingReport>& reports) {
    if (auto good = check(record); !good) {
        return good;
    }
    if (reports.size() != tails_.size()) {
        return fail(Kind::invalid_argument,
                    fmt::format("a run of {} devices needs as many sampling reports, not {}",
                                tails_.size(),
                                reports.size()));
    }
    StoredRun final{
        .key = run_.key, .record = record, .writer = {}, .device_keys = run_.device_keys};
    if (record.state == RunState::recording) {
        final.record.state = RunState::finished;
    }
    Transaction tx(*database_, Access::write);
    for (std::size_t device = 0; device < tails_.size(); ++device) {
        for (std::size_t channel = 0; channel < channel_names.size(); ++channel) {
            write(tx, device, channel, plan_end(tails_[device][channel]));
        }
        insert_report(tx, run_.device_keys[device], reports[device]);
    }
    update_run(tx, final);
    clear_writer(tx, run_.key);
    auto done = tx.commit();
    finished_ = done.has_value();
    return done;
}

} // namespace joulemark::store
