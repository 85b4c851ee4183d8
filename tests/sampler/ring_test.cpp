#include "sampler/ring.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <deque>
#include <thread>
#include <vector>

namespace joulemark::sampler {
namespace {

template <class T> std::vector<T> drained(Ring<T>& ring) {
    std::vector<T> all;
    ring.consume([&](const T& value) { all.push_back(value); });
    return all;
}

TEST(Ring, CapacityIsRoundedUpToAPowerOfTwo) {
    EXPECT_EQ(Ring<int>(0).capacity(), 2U);
    EXPECT_EQ(Ring<int>(5).capacity(), 8U);
    EXPECT_EQ(Ring<int>(64).capacity(), 64U);
}

TEST(Ring, RefusesWhatDoesNotFitAndKeepsWhatIsThere) {
    Ring<int> ring(4);
    for (int i = 0; i < 4; ++i) {
        EXPECT_TRUE(ring.push(i));
    }
    EXPECT_FALSE(ring.push(4));
    EXPECT_EQ(drained(ring), (std::vector{0, 1, 2, 3}));
    EXPECT_TRUE(ring.push(5));
    EXPECT_EQ(drained(ring), std::vector{5});
}

TEST(Ring, ASlotIsFreeWhileTheReaderIsStillBusy) {
    Ring<int> ring(2);
    EXPECT_TRUE(ring.push(1));
    EXPECT_TRUE(ring.push(2));
    std::vector<bool> room;
    ring.consume([&](int) { room.push_back(ring.push(3)); });
    EXPECT_EQ(room, (std::vector{false, true}));
}

RC_GTEST_PROP(Ring, BehavesLikeABoundedQueue, ()) {
    const auto capacity = *rc::gen::inRange<std::size_t>(1, 20);
    Ring<int> ring(capacity);
    std::deque<int> model;
    int next = 0;
    for (const bool write : *rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>())) {
        if (write) {
            const bool fits = model.size() < ring.capacity();
            RC_ASSERT(ring.push(next) == fits);
            if (fits) {
                model.push_back(next);
            }
            ++next;
        } else {
            RC_ASSERT(drained(ring) == std::vector<int>(model.begin(), model.end()));
            model.clear();
        }
    }
}

// Two words that must belong together: a torn or stale slot shows.
struct Pair {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
};

TEST(Ring, OneWriterAndOneReaderAtOnceLoseAndTearNothing) {
    constexpr std::uint64_t count = 100'000;
    Ring<Pair> ring(64);
    std::jthread writer([&] {
        for (std::uint64_t i = 0; i < count;) {
            if (ring.push({i, ~i})) {
                ++i;
            } else {
                std::this_thread::yield();
            }
        }
    });
    std::uint64_t expected = 0;
    bool intact = true;
    while (expected < count) {
        ring.consume([&](const Pair& pair) {
            intact = intact && pair.a == expected && pair.b == ~expected;
            ++expected;
        });
        std::this_thread::yield();
    }
    EXPECT_TRUE(intact);
    EXPECT_EQ(expected, count);
}

} // namespace
} // namespace joulemark::sampler
