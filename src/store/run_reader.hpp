// Reads the samples of a run back, block by block. Private to this room.
#pragma once

#include "core/trace.hpp"
#include "store/run_rows.hpp"
#include "store/sqlite.hpp"

#include <cstddef>
#include <vector>

namespace joulemark::store {

// One trace for each device, each with at most `max_samples` fast and as many slow rows; memory
// stays within that and one block. Nothing when the transaction has failed, as it does with
// Kind::corrupt on a damaged block.
[[nodiscard]] std::vector<Trace> read_traces(Transaction& tx,
                                             const StoredRun& run,
                                             std::size_t max_samples);

} // namespace joulemark::store
