// Remembers runs in one SQLite file. Crash-safe: samples are committed as they come, a run whose
// writer has died is listed as interrupted with what it had, a full disk or a damaged file is an
// error that leaves the rest readable. A Store is used from one thread at a time; several processes
// may share one file.
#pragma once

#include "core/result.hpp"
#include "core/run.hpp"
#include "core/trace.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::store {

using joulemark::RunSummary;

// Appends samples of one run while it is recorded. Destroying an unfinished writer leaves the run
// to be listed as interrupted. Independent of the Store that began it: used from one thread at a
// time, but that need not be the Store's. After an error nothing of the call is stored, and the
// writer may be used again.
class RunWriter {
public:
    virtual ~RunWriter() = default;
    // One transaction: all of it is on disk, or none.
    [[nodiscard]] virtual Result<void> append(std::size_t device,
                                              const Columns& fast,
                                              const Columns& slow) = 0;
    // Replaces what is known about the run (marks, tokens, window ...) while it is still recording.
    [[nodiscard]] virtual Result<void> update(const RunRecord& record) = 0;
    // Writes the final record and the sampling reports, one for each device.
    [[nodiscard]] virtual Result<void> finish(const RunRecord& record,
                                              const std::vector<SamplingReport>& reports) = 0;
};

struct Run {
    RunRecord record;
    std::vector<Trace> traces; // one for each device of the record
};

// Readings per device above which `read` merges neighbours (conserving energy) to keep memory
// bounded.
inline constexpr std::size_t default_max_samples = 8'000'000;

class Store {
public:
    // Creates the file and its folders when absent.
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::string& path);

    virtual ~Store() = default;

    [[nodiscard]] virtual const std::string& path() const = 0;
    // Takes a record whose id may be empty: a fresh one is given. Marks it `recording` by this
    // process.
    [[nodiscard]] virtual Result<std::unique_ptr<RunWriter>> begin(RunRecord& record) = 0;
    // Newest first. Runs whose writing process is gone come as `interrupted`.
    [[nodiscard]] virtual Result<std::vector<RunSummary>> list() = 0;
    // `name`: a whole id, a prefix that is unique, or "last".
    [[nodiscard]] virtual Result<RunRecord> find(std::string_view name) = 0;
    [[nodiscard]] virtual Result<Run> read(std::string_view name,
                                           std::size_t max_samples = default_max_samples) = 0;
    [[nodiscard]] virtual Result<void> remove(std::string_view name) = 0;
};

// $XDG_DATA_HOME/joulemark/runs.db, else ~/.local/share/joulemark/runs.db.
[[nodiscard]] Result<std::string> default_path();

} // namespace joulemark::store
