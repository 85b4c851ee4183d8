#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/run.hpp"
#include "core/text.hpp"
#include "store/run_reader.hpp"
#include "store/run_rows.hpp"
#include "store/run_writer.hpp"
#include "store/sqlite.hpp"
#include "store/store.hpp"
#include "store/store_file.hpp"
#include "store/writer_process.hpp"

#include <fmt/format.h>
#include <tl/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace joulemark::store {

namespace {

class SqliteStore final : public Store {
public:
    SqliteStore(std::string path, std::unique_ptr<Database> database)
        : path_(std::move(path)), database_(std::move(database)) {}

    [[nodiscard]] const std::string& path() const override { return path_; }
    [[nodiscard]] Result<std::unique_ptr<RunWriter>> begin(RunRecord& record) override;
    [[nodiscard]] Result<std::vector<RunSummary>> list() override;
    [[nodiscard]] Result<RunRecord> find(std::string_view name) override;
    [[nodiscard]] Result<Run> read(std::string_view name, std::size_t max_samples) override;
    [[nodiscard]] Result<void> remove(std::string_view name) override;

private:
    // The run of that name as it is in `tx`, interrupted when its writer is gone.
    [[nodiscard]] Result<StoredRun> load(Transaction& tx, std::string_view name);
    // Says that a run is interrupted when nobody records it any more.
    void notice_interruption(StoredRun& run);
    // Writes down what `notice_interruption` found. Failing to is no harm: the next look finds it
    // again.
    void keep_interruptions();
    // To the disk, in steps that let others write in between. It may have to wait for readers of
    // the file: then the space is used again by the next run.
    void give_space_back();

    std::string path_;
    std::unique_ptr<Database> database_;
    SystemClock clock_;
    std::vector<std::int64_t> interrupted_;
};

RunSummary summarise(Transaction& tx, const StoredRun& run) {
    RunSummary summary;
    summary.record = run.record;
    std::ignore = tx.query("SELECT coalesce(sum(CASE channel WHEN 'fast' THEN rows END), 0), "
                           "coalesce(sum(length(data)), 0) "
                           "FROM devices JOIN blocks USING (device) WHERE run = ?",
                           run.key)
                      .next(summary.fast_samples, summary.bytes);
    return summary;
}

Result<std::unique_ptr<RunWriter>> SqliteStore::begin(RunRecord& record) {
    auto connection = open_store_file(path_);
    if (!connection) {
        return tl::unexpected(connection.error());
    }
    return SqliteRunWriter::begin(std::move(*connection), record);
}

Result<std::vector<RunSummary>> SqliteStore::list() {
    std::vector<RunSummary> summaries;
    {
        Transaction tx(*database_, Access::read);
        for (const std::int64_t key : run_keys(tx)) {
            StoredRun run = load_run(tx, key);
            notice_interruption(run);
            summaries.push_back(summarise(tx, run));
        }
        if (auto done = tx.commit(); !done) {
            return tl::unexpected(done.error());
        }
    }
    keep_interruptions();
    return summaries;
}

Result<RunRecord> SqliteStore::find(std::string_view name) {
    Result<StoredRun> run;
    {
        Transaction tx(*database_, Access::read);
        run = load(tx, name);
    }
    keep_interruptions();
    return run.map([](StoredRun& found) { return std::move(found.record); });
}

Result<Run> SqliteStore::read(std::string_view name, std::size_t max_samples) {
    Run result;
    {
        Transaction tx(*database_, Access::read);
        auto run = load(tx, name);
        if (!run) {
            return tl::unexpected(run.error());
        }
        result.traces = read_traces(tx, *run, max_samples);
        if (auto done = tx.commit(); !done) {
            return tl::unexpected(done.error());
        }
        result.record = std::move(run->record);
    }
    keep_interruptions();
    return result;
}

Result<void> SqliteStore::remove(std::string_view name) {
    Transaction tx(*database_, Access::write);
    auto run = load(tx, name);
    if (!run) {
        return tl::unexpected(run.error());
    }
    if (run->record.state == RunState::recording) {
        return fail(Kind::invalid_argument,
                    fmt::format("run {} is still being recorded by process {}; stop that first",
                                printable(run->record.id),
                                run->writer ? run->writer->pid : 0));
    }
    tx.run("DELETE FROM runs WHERE run = ?", run->key);
    if (auto done = tx.commit(); !done) {
        return done;
    }
    interrupted_.clear();
    give_space_back();
    return {};
}

void SqliteStore::give_space_back() {
    for (std::int64_t free_pages = 1; free_pages > 0;) {
        Transaction tx(*database_, Access::read);
        const bool known = tx.query("PRAGMA freelist_count").next(free_pages);
        if (!known || !tx.commit() || !database_->execute("PRAGMA incremental_vacuum(2000)")) {
            return;
        }
    }
    std::ignore = database_->execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

Result<StoredRun> SqliteStore::load(Transaction& tx, std::string_view name) {
    const auto key = find_run(tx, name);
    StoredRun run;
    if (key && tx.ok()) {
        run = load_run(tx, *key);
    }
    if (!tx.ok()) {
        return tl::unexpected(tx.error());
    }
    if (!key) {
        return fail_in(printable(path_, 4096), key.error());
    }
    notice_interruption(run);
    return run;
}

void SqliteStore::notice_interruption(StoredRun& run) {
    if (run.record.state != RunState::recording) {
        return;
    }
    if (!run.writer || is_gone(*run.writer, this_process(clock_.now()))) {
        run.record.state = RunState::interrupted;
        interrupted_.push_back(run.key);
    }
}

void SqliteStore::keep_interruptions() {
    if (interrupted_.empty()) {
        return;
    }
    Transaction tx(*database_, Access::write);
    for (const std::int64_t key : std::exchange(interrupted_, {})) {
        set_interrupted(tx, key);
    }
    std::ignore = tx.commit();
}

} // namespace

Result<std::unique_ptr<Store>> Store::open(const std::string& path) {
    auto database = open_store_file(path);
    if (!database) {
        return tl::unexpected(database.error());
    }
    return std::make_unique<SqliteStore>((*database)->path(), std::move(*database));
}

} // namespace joulemark::store
