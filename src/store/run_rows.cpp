#include "store/run_rows.hpp"

#include "core/device_info.hpp"
#include "core/result.hpp"
#include "core/run.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"
#include "store/fields.hpp"
#include "store/record_columns.hpp"
#include "store/sqlite.hpp"
#include "store/writer_process.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace joulemark::store {

namespace {

constexpr std::string_view writer_columns =
    "writer_pid, writer_started, writer_boot, writer_namespace, writer_seen_ns";

std::string placeholders(int count) {
    return fmt::format(
        "{}", fmt::join(std::vector<std::string_view>(static_cast<std::size_t>(count), "?"), ", "));
}

template <class T> std::string placeholders() { return placeholders(Field<T>::columns); }

// A list that belongs to a row: (owner, position, members...).
template <class T>
void insert_list(Transaction& tx,
                 std::string_view sql,
                 std::int64_t owner,
                 const std::vector<T>& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        tx.run(sql, owner, i, list[i]);
    }
}

template <class T>
void load_list(Transaction& tx, std::string_view sql, std::int64_t owner, std::vector<T>& list) {
    T item{};
    for (Rows rows = tx.query(sql, owner); rows.next(item);) {
        list.push_back(item);
    }
}

void insert_lists(Transaction& tx, std::int64_t key, const RunRecord& record) {
    insert_list(
        tx, "INSERT INTO arguments(run, position, argument) VALUES (?, ?, ?)", key, record.command);
    insert_list(tx,
                "INSERT INTO marks(run, position, name, begin_ns, end_ns, closed) VALUES (?, ?, ?, "
                "?, ?, ?)",
                key,
                record.marks);
    insert_list(tx,
                "INSERT INTO warnings(run, position, code, message) VALUES (?, ?, ?, ?)",
                key,
                record.warnings);
}

void insert_notes(Transaction& tx, std::int64_t device_key, const DeviceInfo& device) {
    insert_list(
        tx, "INSERT INTO notes(device, position, note) VALUES (?, ?, ?)", device_key, device.notes);
}

void load_devices(Transaction& tx, StoredRun& run) {
    static const std::string sql =
        fmt::format("SELECT device, {} FROM devices WHERE run = ? ORDER BY position",
                    Record<DeviceInfo>::columns);
    std::int64_t device_key = 0;
    DeviceInfo device;
    for (Rows rows = tx.query(sql, run.key); rows.next(device_key, device);) {
        run.device_keys.push_back(device_key);
        run.record.devices.push_back(device);
        load_list(tx,
                  "SELECT note FROM notes WHERE device = ? ORDER BY position",
                  device_key,
                  run.record.devices.back().notes);
    }
}

std::vector<std::string> newest_ids(Transaction& tx, std::string_view prefix) {
    std::vector<std::string> ids;
    std::string id;
    for (Rows rows = tx.query("SELECT id FROM runs WHERE substr(id, 1, ?) = ? ORDER BY "
                              "created_unix_ns DESC, run DESC "
                              "LIMIT 5",
                              prefix.size(),
                              prefix);
         rows.next(id);) {
        ids.push_back(id);
    }
    return ids;
}

} // namespace

StoredRun insert_run(Transaction& tx, const RunRecord& record, const WriterProcess& writer) {
    static const std::string run_sql = fmt::format("INSERT INTO runs({}, {}) VALUES ({}, {})",
                                                   Record<RunRecord>::columns,
                                                   writer_columns,
                                                   placeholders<RunRecord>(),
                                                   placeholders<WriterProcess>());
    static const std::string device_sql =
        fmt::format("INSERT INTO devices(run, position, {}) VALUES (?, ?, {})",
                    Record<DeviceInfo>::columns,
                    placeholders<DeviceInfo>());
    StoredRun run{.key = 0, .record = record, .writer = writer, .device_keys = {}};
    tx.run(run_sql, record, writer);
    run.key = tx.last_key();
    insert_lists(tx, run.key, record);
    for (std::size_t i = 0; i < record.devices.size(); ++i) {
        tx.run(device_sql, run.key, i, record.devices[i]);
        run.device_keys.push_back(tx.last_key());
        insert_notes(tx, run.device_keys.back(), record.devices[i]);
    }
    return run;
}

void update_run(Transaction& tx, const StoredRun& run) {
    static const std::string run_sql = fmt::format("UPDATE runs SET ({}) = ({}) WHERE run = ?",
                                                   Record<RunRecord>::columns,
                                                   placeholders<RunRecord>());
    static const std::string device_sql =
        fmt::format("UPDATE devices SET ({}) = ({}) WHERE device = ?",
                    Record<DeviceInfo>::columns,
                    placeholders<DeviceInfo>());
    tx.run(run_sql, run.record, run.key);
    tx.run("DELETE FROM arguments WHERE run = ?", run.key);
    tx.run("DELETE FROM marks WHERE run = ?", run.key);
    tx.run("DELETE FROM warnings WHERE run = ?", run.key);
    insert_lists(tx, run.key, run.record);
    for (std::size_t i = 0; i < run.device_keys.size(); ++i) {
        tx.run(device_sql, run.record.devices[i], run.device_keys[i]);
        tx.run("DELETE FROM notes WHERE device = ?", run.device_keys[i]);
        insert_notes(tx, run.device_keys[i], run.record.devices[i]);
    }
}

void set_seen(Transaction& tx, std::int64_t key, Instant seen) {
    tx.run("UPDATE runs SET state = ?, writer_seen_ns = ? WHERE run = ?",
           RunState::recording,
           seen,
           key);
}

void clear_writer(Transaction& tx, std::int64_t key) {
    static const std::string sql = fmt::format(
        "UPDATE runs SET ({}) = ({}) WHERE run = ?", writer_columns, placeholders<WriterProcess>());
    tx.run(sql, std::optional<WriterProcess>{}, key);
}

void set_interrupted(Transaction& tx, std::int64_t key) {
    tx.run("UPDATE runs SET state = ? WHERE run = ? AND state = ?",
           RunState::interrupted,
           key,
           RunState::recording);
}

StoredRun load_run(Transaction& tx, std::int64_t key) {
    static const std::string sql = fmt::format(
        "SELECT {}, {} FROM runs WHERE run = ?", Record<RunRecord>::columns, writer_columns);
    StoredRun run;
    run.key = key;
    std::ignore = tx.query(sql, key).next(run.record, run.writer);
    load_list(tx,
              "SELECT argument FROM arguments WHERE run = ? ORDER BY position",
              key,
              run.record.command);
    load_list(tx,
              "SELECT name, begin_ns, end_ns, closed FROM marks WHERE run = ? ORDER BY position",
              key,
              run.record.marks);
    load_list(tx,
              "SELECT code, message FROM warnings WHERE run = ? ORDER BY position",
              key,
              run.record.warnings);
    load_devices(tx, run);
    return run;
}

std::vector<std::int64_t> run_keys(Transaction& tx) {
    std::vector<std::int64_t> keys;
    std::int64_t key = 0;
    for (Rows rows = tx.query("SELECT run FROM runs ORDER BY created_unix_ns DESC, run DESC");
         rows.next(key);) {
        keys.push_back(key);
    }
    return keys;
}

Result<std::int64_t> find_run(Transaction& tx, std::string_view name) {
    std::int64_t key = 0;
    if (name == "last" &&
        tx.query("SELECT run FROM runs ORDER BY created_unix_ns DESC, run DESC LIMIT 1")
            .next(key)) {
        return key;
    }
    if (tx.query("SELECT run FROM runs WHERE id = ?", name).next(key)) {
        return key;
    }
    const auto listed = [](const std::vector<std::string>& ids) {
        return printable(fmt::format("{}", fmt::join(ids, ", ")), 1000);
    };
    const auto candidates = name.empty() ? std::vector<std::string>{} : newest_ids(tx, name);
    if (candidates.size() == 1) {
        return find_run(tx, candidates.front());
    }
    if (candidates.size() > 1) {
        return fail(Kind::invalid_argument,
                    fmt::format("several runs begin with '{}': {}; give more of the id",
                                printable(name),
                                listed(candidates)));
    }
    const auto newest = newest_ids(tx, "");
    if (newest.empty()) {
        return fail(
            Kind::not_found,
            "the store has no runs yet; `joulemark measure` or `joulemark import` makes one");
    }
    return fail(
        Kind::not_found,
        fmt::format("there is no run '{}'; the newest are: {}", printable(name), listed(newest)));
}

void insert_report(Transaction& tx, std::int64_t device_key, const SamplingReport& report) {
    static const std::string sql = fmt::format("INSERT INTO reports(device, {}) VALUES (?, {})",
                                               Record<SamplingReport>::columns,
                                               placeholders<SamplingReport>());
    tx.run(sql, device_key, report);
    insert_list(
        tx,
        "INSERT INTO gaps(device, position, begin_ns, end_ns, reason) VALUES (?, ?, ?, ?, ?)",
        device_key,
        report.gaps);
}

std::optional<SamplingReport> load_report(Transaction& tx, std::int64_t device_key) {
    static const std::string sql =
        fmt::format("SELECT {} FROM reports WHERE device = ?", Record<SamplingReport>::columns);
    SamplingReport report;
    if (!tx.query(sql, device_key).next(report)) {
        return std::nullopt;
    }
    load_list(tx,
              "SELECT begin_ns, end_ns, reason FROM gaps WHERE device = ? ORDER BY position",
              device_key,
              report.gaps);
    return report;
}

} // namespace joulemark::store
