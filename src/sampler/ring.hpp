// A bounded queue between one writing and one reading thread, without locks and without allocation
// after construction. What does not fit is refused, never overwritten: the writer counts it. `push`
// belongs to the writer, `consume` to the reader; both may run at once.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace joulemark::sampler {

template <class T> class Ring {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    // The capacity is rounded up to a power of two. The memory is touched here, so that no push
    // meets a page fault.
    explicit Ring(std::size_t capacity)
        : slots_(std::bit_ceil(std::max<std::size_t>(capacity, 2))), mask_(slots_.size() - 1) {}

    [[nodiscard]] std::size_t capacity() const { return slots_.size(); }

    // False when the ring is full.
    [[nodiscard]] bool push(const T& value) {
        const std::size_t end = end_.load(std::memory_order_relaxed);
        if (end - known_begin_ == slots_.size()) {
            known_begin_ = begin_.load(std::memory_order_acquire);
            if (end - known_begin_ == slots_.size()) {
                return false;
            }
        }
        slots_[end & mask_] = value;
        end_.store(end + 1, std::memory_order_release);
        return true;
    }

    // Hands everything that is there now to `take`, oldest first. Each slot is free again as soon
    // as it was taken.
    template <class Take> void consume(Take&& take) {
        std::size_t begin = begin_.load(std::memory_order_relaxed);
        const std::size_t end = end_.load(std::memory_order_acquire);
        while (begin != end) {
            take(slots_[begin & mask_]);
            begin_.store(++begin, std::memory_order_release);
        }
    }

private:
    // Counters that only grow (and may wrap around): each side writes its own cache line.
    static constexpr std::size_t cache_line = 64;

    std::vector<T> slots_;
    std::size_t mask_;
    alignas(cache_line) std::atomic<std::size_t> end_{0};
    std::size_t known_begin_ = 0; // the writer's last look at `begin_`
    alignas(cache_line) std::atomic<std::size_t> begin_{0};
};

} // namespace joulemark::sampler
