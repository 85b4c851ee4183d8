// Counter-based random numbers: the n-th number of a stream is a pure function of (seed, stream,
// n), so a simulation gives the same bits for any number of threads or ranks and in any order of
// evaluation. Philox4x32-10, Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11.
// Stateless: safe everywhere.
#pragma once

#include <array>
#include <cstdint>

namespace joulemark {

// The raw generator: 128 random bits from a 128-bit counter and a 64-bit key.
[[nodiscard]] std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                      std::array<std::uint32_t, 2> key);

class RandomStream {
public:
    constexpr RandomStream(std::uint64_t seed, std::uint64_t stream)
        : seed_(seed), stream_(stream) {}

    [[nodiscard]] std::uint64_t bits(std::uint64_t index) const;
    // Uniform in [0, 1), 53 bits.
    [[nodiscard]] double uniform(std::uint64_t index) const;
    // Standard normal (Box-Muller on the two halves of one 128-bit block).
    [[nodiscard]] double normal(std::uint64_t index) const;

private:
    std::uint64_t seed_;
    std::uint64_t stream_;
};

} // namespace joulemark
