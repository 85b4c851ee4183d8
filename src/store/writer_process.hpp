// Who is recording a run, so that another process can tell whether it still does: a process id
// alone would be mistaken for a later process of the same number. Values; safe from any thread.
// Private to this room.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <string>

namespace joulemark::store {

struct WriterProcess {
    std::int64_t pid = 0;
    std::int64_t started = 0; // clock ticks after boot (proc(5), stat field 22); 0 when unknown
    std::string boot;         // /proc/sys/kernel/random/boot_id; empty when unknown
    std::int64_t pid_namespace = 0; // inode of /proc/self/ns/pid; 0 when unknown
    Instant seen;                   // when it last said that it was there
};

// How often a writer says that it is there, and how long one that cannot be looked up is believed.
inline constexpr Nanoseconds sign_of_life_interval = std::chrono::seconds{5};
inline constexpr Nanoseconds sign_of_life_patience = std::chrono::seconds{60};

[[nodiscard]] WriterProcess this_process(Instant now);

// True when `writer` runs no more: the machine was booted since, its process is gone or a zombie,
// or its number belongs to a process that started at another time. In another PID namespace (a
// container) it cannot be looked up, so there it is gone when it has given no sign of life.
[[nodiscard]] bool is_gone(const WriterProcess& writer, const WriterProcess& self);

} // namespace joulemark::store
