// Writes one run: small blocks as samples come, so that little is at risk, joined into whole ones
// (`block_rows`) as soon as there are enough, so that the file stays small. Has its own connection.
// Private to this room.
#pragma once

#include "core/clock.hpp"
#include "store/column_block.hpp"
#include "store/run_rows.hpp"
#include "store/store.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace joulemark::store {

// What column `channel` of the table of blocks holds.
inline constexpr std::array<std::string_view, 2> channel_names{"fast", "slow"};

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
    // The small blocks of one device and channel that wait to be joined.
    struct Tail {
        Columns rows;
        std::size_t blocks = 0;
        std::optional<Instant> last; // of all rows written

        // After `added` was committed, with what `write_rows` said.
        void take(const Columns& added, std::optional<Tail> replacement);
    };
    using Tails = std::array<Tail, channel_names.size()>;

    SqliteRunWriter(std::unique_ptr<Database> database, StoredRun run);

    [[nodiscard]] Result<void> check(const RunRecord& record) const;
    // Returns the tail that takes the place of the present one once the transaction is committed;
    // nothing when `rows` just joined it as one more block.
    [[nodiscard]] std::optional<Tail> write_rows(Transaction& tx,
                                                 std::size_t device,
                                                 std::size_t channel,
                                                 const Columns& added);
    void write_block(Transaction& tx,
                     std::size_t device,
                     std::size_t channel,
                     const Columns& rows,
                     std::size_t first,
                     std::size_t count);
    void erase_tail(Transaction& tx, std::size_t device, std::size_t channel);

    SystemClock clock_;
    std::unique_ptr<Database> database_;
    StoredRun run_;
    std::vector<Tails> tails_; // for each device
    Instant seen_;
    BlockEncoder encoder_;
    bool finished_ = false;
};

} // namespace joulemark::store
