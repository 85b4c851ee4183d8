// What the sampling threads ask of the operating system, all of it about the calling thread. Linux.
#pragma once

#include "core/units.hpp"

#include <cstddef>
#include <optional>

namespace joulemark::sampler {

// Wake-ups without the usual 50 µs of timer slack, no signals (they are the main thread's), and a
// name to recognise the thread by in `top -H`. Scheduling class and affinity stay what the user
// chose.
void prepare_sampling_thread(std::size_t device);
void prepare_drain_thread();

// CPU time that this thread has used; nothing when the system does not say.
[[nodiscard]] std::optional<Seconds> thread_cpu_time();

} // namespace joulemark::sampler
