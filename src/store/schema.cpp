#include "store/schema.hpp"

#include "core/result.hpp"
#include "core/text.hpp"
#include "store/sqlite.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>

namespace joulemark::store {

namespace {

// Keys of runs and devices are never given twice (AUTOINCREMENT): a writer whose run was removed
// must not write into another.
constexpr const char* version_1 = R"sql(
CREATE TABLE runs (
    run INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    verb TEXT NOT NULL,
    state TEXT NOT NULL,
    tool_version TEXT NOT NULL,
    host TEXT NOT NULL,
    label TEXT NOT NULL,
    simulated INTEGER NOT NULL,
    created_unix_ns INTEGER NOT NULL,
    interval_ns INTEGER NOT NULL,
    anchor_monotonic_ns INTEGER,
    anchor_unix_ns INTEGER,
    window_begin_ns INTEGER,
    window_end_ns INTEGER,
    baseline_begin_ns INTEGER,
    baseline_end_ns INTEGER,
    exit_status INTEGER,
    tokens INTEGER,
    source_file TEXT NOT NULL,
    writer_pid INTEGER,
    writer_started INTEGER,
    writer_boot TEXT,
    writer_namespace INTEGER,
    writer_seen_ns INTEGER
) STRICT;
CREATE INDEX runs_by_creation ON runs(created_unix_ns, run);

CREATE TABLE arguments (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    position INTEGER NOT NULL,
    argument TEXT NOT NULL,
    PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE marks (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    begin_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE warnings (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    position INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
    device INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    backend TEXT NOT NULL,
    product TEXT NOT NULL,
    uuid TEXT,
    serial TEXT,
    pci_bus_id TEXT,
    vbios TEXT,
    driver TEXT,
    architecture TEXT,
    compute_capability TEXT,
    memory_total_bytes REAL,
    power_limit_watts REAL,
    power_limit_default_watts REAL,
    power_limit_min_watts REAL,
    power_limit_max_watts REAL,
    idle_power_watts REAL,
    persistence_mode INTEGER,
    mig_enabled INTEGER,
    virtual_gpu INTEGER NOT NULL,
    simulated INTEGER NOT NULL,
    boundary TEXT NOT NULL,
    power_field TEXT,
    power_update_period_seconds REAL,
    power_averaging_window_seconds REAL,
    power_delay_seconds REAL,
    power_gain_uncertainty REAL,
    power_origin TEXT,
    average_field TEXT,
    average_update_period_seconds REAL,
    average_averaging_window_seconds REAL,
    average_delay_seconds REAL,
    average_gain_uncertainty REAL,
    average_origin TEXT,
    counter_field TEXT,
    counter_tick_seconds REAL,
    counter_gain_uncertainty REAL,
    counter_origin TEXT,
    UNIQUE (run, position)
) STRICT;

CREATE TABLE notes (
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    position INTEGER NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (device, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE reports (
    device INTEGER PRIMARY KEY REFERENCES devices ON DELETE CASCADE,
    samples INTEGER NOT NULL,
    missed_deadlines INTEGER NOT NULL,
    failed_reads INTEGER NOT NULL,
    unchanged_readings INTEGER NOT NULL,
    rejected_times INTEGER NOT NULL,
    times_lost INTEGER NOT NULL,
    latency_p50_ns INTEGER NOT NULL,
    latency_p99_ns INTEGER NOT NULL,
    lateness_p99_ns INTEGER NOT NULL,
    lateness_max_ns INTEGER NOT NULL,
    cpu_time_seconds REAL,
    wall_step_ns INTEGER NOT NULL,
    still_lost INTEGER NOT NULL,
    gap_count INTEGER NOT NULL,
    gap_total_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE gaps (
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    position INTEGER NOT NULL,
    begin_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (device, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
    block INTEGER PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES devices ON DELETE CASCADE,
    channel TEXT NOT NULL,
    first_ns INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX blocks_in_order ON blocks(device, channel, first_ns);
)sql";

constexpr std::array<const char*, 1> scripts_in_order{version_1};

struct Header {
    std::int64_t application = 0;
    std::int64_t version = 0;
    std::int64_t tables = 0;

    [[nodiscard]] bool is_empty() const { return application == 0 && version == 0 && tables == 0; }
};

Header read_header(Transaction& tx) {
    Header header;
    std::ignore = tx.query("PRAGMA application_id").next(header.application);
    std::ignore = tx.query("PRAGMA user_version").next(header.version);
    std::ignore = tx.query("SELECT count(*) FROM sqlite_schema").next(header.tables);
    return header;
}

Result<void> check(const Header& header, std::size_t newest, const std::string& path) {
    if (header.is_empty()) {
        return {};
    }
    if (header.application != application_id) {
        return fail(Kind::invalid_argument,
                    "this file belongs to another program; choose another file with --store",
                    printable(path, 4096));
    }
    if (header.version > static_cast<std::int64_t>(newest)) {
        return fail(
            Kind::invalid_argument,
            fmt::format(
                "the store was written by a newer joulemark (its version is {}, this program knows "
                "up to {}); upgrade joulemark, or choose another file with --store",
                header.version,
                newest),
            printable(path, 4096));
    }
    if (header.version < 1) {
        return fail(Kind::corrupt,
                    "the store is damaged (it has no version); move it away to begin a new one",
                    printable(path, 4096));
    }
    return {};
}

Result<void> migrate(Database& database, std::span<const char* const> scripts) {
    Transaction tx(database, Access::write);
    // Somebody else may have done it since the header was read.
    const Header header = read_header(tx);
    if (auto good = check(header, scripts.size(), database.path()); !good && tx.ok()) {
        return good;
    }
    for (auto version = static_cast<std::size_t>(header.version); version < scripts.size();
         ++version) {
        tx.run_script(scripts[version]);
    }
    tx.run_script(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                              application_id,
                              scripts.size())
                      .c_str());
    return tx.commit();
}

} // namespace

std::span<const char* const> migrations() { return scripts_in_order; }

Result<void> ensure_schema(Database& database, std::span<const char* const> scripts) {
    Header header;
    {
        Transaction tx(database, Access::read);
        header = read_header(tx);
        if (auto read = tx.commit(); !read) {
            return read;
        }
    }
    if (auto good = check(header, scripts.size(), database.path()); !good) {
        return good;
    }
    if (header.version == static_cast<std::int64_t>(scripts.size())) {
        return {};
    }
    if (header.is_empty()) {
        // So that `remove` can give space back; must come before the first table.
        if (auto set = database.execute("PRAGMA auto_vacuum = INCREMENTAL"); !set) {
            return set;
        }
    }
    return migrate(database, scripts);
}

} // namespace joulemark::store
