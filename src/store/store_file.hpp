// The file of a store: made when absent, refused when it is something else. Private to this room.
#pragma once

#include "core/result.hpp"
#include "store/sqlite.hpp"

#include <memory>
#include <string>

namespace joulemark::store {

// Creates folders (for their owner alone, 0700) and file (0600) when absent, and opens the file
// with the tables of the newest version. A file that is not a store is never changed.
[[nodiscard]] Result<std::unique_ptr<Database>> open_store_file(const std::string& path);

} // namespace joulemark::store
