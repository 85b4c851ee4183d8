// Writes one run: small blocks as samples come, so that little is at risk, joined into whole ones
// (`block_rows`) as soon as there are enough, so that the file stays small. Has its own connection.
// Private to this room.
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/run.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"
#include "store/bytes.hpp"
#include "store/column_block.hpp"
#include "store/run_rows.hpp"
#include "store/sqlite.hpp"
#include "store/store.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace joulemark::store {

// What column `channel` of the table of blocks holds.
inline constexpr std::array<std::string_view, 2> channel_names{"fast", "slow"};

// The small blocks of one device and channel that wait to be joined.
struct Tail {
    Columns rows;
    std::size_t blocks = 0;
    std::optional<Instant> last; // of all rows written

    // After `added` was committed.
    void take(const Columns& added, std::optional<Tail> replacement);
};

class SqliteRunWriter final : public RunWriter {
public:
    // Begins the run; fills in the id and the time of creation where the record has none.
    [[nodiscard]] static Result<std::unique_ptr<RunWriter>> begin(
        std::unique_ptr<Database> database, RunRecord& record);
    ~SqliteRunWriter() override;

    [[nodiscard]] Result<void> append(std::size_t device,
                                      const Columns& fast,
                                      const Columns& slow) override;
    [[nodiscard]] Result<void> update(const RunRecord& record) override;
    [[nodiscard]] Result<void> finish(const RunRecord& record,
                                      const std::vector<SamplingReport>& reports) override;

private:
    using Tails = std::array<Tail, channel_names.size()>;

    SqliteRunWriter(std::unique_ptr<Database> database, StoredRun run);

    [[nodiscard]] Result<void> check(const RunRecord& record) const;
    struct EncodedBlock {
        Instant first;
        std::size_t rows = 0;
        Blob data;
    };
    // What an append means for one channel. Encoding comes before the transaction, so that others
    // wait for as short a time as possible.
    struct Change {
        bool joins_tail = false; // the blocks take the place of the tail's
        std::vector<EncodedBlock> blocks;
        std::optional<Tail> tail; // once committed; nothing when `blocks` is one more small one
    };

    [[nodiscard]] Change plan(const Tail& tail, const Columns& added);
    // The whole tail as one block, when it is not yet.
    [[nodiscard]] Change plan_end(const Tail& tail);
    [[nodiscard]] EncodedBlock encode(const Columns& rows, std::size_t first, std::size_t count);
    void write(Transaction& tx, std::size_t device, std::size_t channel, const Change& change);

    SystemClock clock_;
    std::unique_ptr<Database> database_;
    StoredRun run_;
    std::vector<Tails> tails_; // for each device
    Instant seen_;
    BlockEncoder encoder_;
    bool finished_ = false;
};

} // namespace joulemark::store
