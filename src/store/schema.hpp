// The tables of a store file and how older files become current ones. docs/reference/store.md
// explains each column. Private to this room.
#pragma once

#include "core/result.hpp"
#include "store/sqlite.hpp"

#include <cstdint>
#include <span>

namespace joulemark::store {

// "JOUL", at offset 68 of the file (PRAGMA application_id).
inline constexpr std::int64_t application_id = 0x4A4F554C;

// SQL scripts; script i leads from version i to version i + 1 (PRAGMA user_version). Those that
// were ever released are never changed.
[[nodiscard]] std::span<const char* const> migrations();

// Makes the file a store of the newest version: an empty one gets its tables, an older one is
// migrated in one transaction. Kind::invalid_argument for files of other programs and of newer
// versions, which stay untouched.
[[nodiscard]] Result<void> ensure_schema(Database& database,
                                         std::span<const char* const> scripts = migrations());

} // namespace joulemark::store
