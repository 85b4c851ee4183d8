// Run records as rows of the tables, and back. Private to this room.
#pragma once

#include "core/result.hpp"
#include "core/run.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"
#include "store/sqlite.hpp"
#include "store/writer_process.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace joulemark::store {

// A record and where it lies. All of these do nothing when the transaction has failed, and make it
// fail when they do.
struct StoredRun {
    std::int64_t key = 0;
    RunRecord record;
    std::optional<WriterProcess> writer; // of a run that is being recorded
    std::vector<std::int64_t> device_keys;
};

[[nodiscard]] StoredRun insert_run(Transaction& tx,
                                   const RunRecord& record,
                                   const WriterProcess& writer);
// The devices keep their keys and their number.
void update_run(Transaction& tx, const StoredRun& run);
// A sign of life from the writer, also to those who took it for gone.
void set_seen(Transaction& tx, std::int64_t key, Instant seen);
// The run is not being recorded any more: what its record says is final.
void clear_writer(Transaction& tx, std::int64_t key);
// Unless it has been finished in the meantime.
void set_interrupted(Transaction& tx, std::int64_t key);
[[nodiscard]] StoredRun load_run(Transaction& tx, std::int64_t key);

// Newest first.
[[nodiscard]] std::vector<std::int64_t> run_keys(Transaction& tx);
// By whole id, unique prefix or "last"; the error names what there is instead.
[[nodiscard]] Result<std::int64_t> find_run(Transaction& tx, std::string_view name);

void insert_report(Transaction& tx, std::int64_t device_key, const SamplingReport& report);
[[nodiscard]] std::optional<SamplingReport> load_report(Transaction& tx, std::int64_t device_key);

} // namespace joulemark::store
