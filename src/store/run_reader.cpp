#include "store/run_reader.hpp"

#include "core/result.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"
#include "store/bytes.hpp"
#include "store/column_block.hpp"
#include "store/merge.hpp"
#include "store/run_rows.hpp"
#include "store/run_writer.hpp"
#include "store/sqlite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace joulemark::store {

namespace {

struct Channel {
    Columns rows;
    std::uint64_t stored = 0;
    unsigned stages = 0;
};

std::uint64_t count_rows(Transaction& tx, std::int64_t device_key, std::string_view channel) {
    std::uint64_t rows = 0;
    std::ignore =
        tx.query("SELECT coalesce(sum(rows), 0) FROM blocks WHERE device = ? AND channel = ?",
                 device_key,
                 channel)
            .next(rows);
    return rows;
}

// A block as rows that follow `last`; Kind::corrupt when it is not what it should be.
Result<Columns> decode(BlockDecoder& decoder,
                       BlobView data,
                       std::uint64_t rows,
                       std::optional<Instant> last) {
    auto columns = decoder.decode(data);
    if (!columns) {
        return columns;
    }
    if (columns->size() != rows || columns->empty()) {
        return fail(Kind::corrupt, "the block has another number of rows than the store says");
    }
    if (std::ranges::adjacent_find(columns->time, std::greater_equal<>{}) != columns->time.end() ||
        (last && columns->time.front() <= *last)) {
        return fail(Kind::corrupt, "the times of the block do not increase");
    }
    return columns;
}

Channel read_channel(Transaction& tx,
                     std::int64_t device_key,
                     std::string_view name,
                     std::size_t max_samples) {
    Channel channel;
    channel.stored = count_rows(tx, device_key, name);
    channel.stages = stages_for(channel.stored, max_samples);
    Merger merger(channel.stages);
    BlockDecoder decoder;
    std::optional<Instant> last;
    std::int64_t block = 0;
    std::uint64_t rows = 0;
    BlobView data;
    for (Rows blocks = tx.query("SELECT block, rows, data FROM blocks WHERE device = ? AND channel "
                                "= ? ORDER BY first_ns",
                                device_key,
                                name);
         blocks.next(block, rows, data);) {
        auto columns = decode(decoder, data, rows, last);
        if (!columns) {
            tx.refuse(
                {columns.error().kind,
                 columns.error().message + "; remove the run, or restore the store from a copy",
                 fmt::format("{}: block {}", printable(tx.path(), 4096), block)});
            break;
        }
        last = columns->time.back();
        merger.push(std::move(*columns));
    }
    channel.rows = merger.finish();
    return channel;
}

} // namespace

std::vector<Trace> read_traces(Transaction& tx, const StoredRun& run, std::size_t max_samples) {
    std::vector<Trace> traces;
    for (std::size_t i = 0; i < run.device_keys.size() && tx.ok(); ++i) {
        const std::int64_t device_key = run.device_keys[i];
        Channel fast = read_channel(tx, device_key, channel_names[0], max_samples);
        Channel slow = read_channel(tx, device_key, channel_names[1], max_samples);
        SamplingReport without_report;
        without_report.samples = fast.stored;
        SamplingReport report = load_report(tx, device_key).value_or(without_report);
        auto trace = Trace::make({.device = run.record.devices[i],
                                  .interval = run.record.interval,
                                  .anchor = run.record.anchor,
                                  .merged = std::uint64_t{1} << fast.stages},
                                 std::move(fast.rows),
                                 std::move(slow.rows),
                                 std::move(report));
        if (!trace) {
            tx.refuse(trace.error());
            break;
        }
        traces.push_back(std::move(*trace));
    }
    return traces;
}

} // namespace joulemark::store
