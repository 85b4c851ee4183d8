#include "core/random.hpp"

#include <cmath>
#include <numbers>

namespace joulemark {

namespace {

constexpr std::uint32_t low(std::uint64_t v) { return static_cast<std::uint32_t>(v); }
constexpr std::uint32_t high(std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32U); }

constexpr std::array<std::uint32_t, 4> round(std::array<std::uint32_t, 4> c,
                                             std::array<std::uint32_t, 2> k) {
    const std::uint64_t a = std::uint64_t{0xD2511F53U} * c[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * c[2];
    return {high(b) ^ c[1] ^ k[0], low(b), high(a) ^ c[3] ^ k[1], low(a)};
}

constexpr double to_unit(std::uint64_t bits) {
    return static_cast<double>(bits >> 11U) * 0x1.0p-53;
}

constexpr std::uint64_t join(std::uint32_t lo, std::uint32_t hi) {
    return (std::uint64_t{hi} << 32U) | lo;
}

std::array<std::uint32_t, 4> block(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
    return philox4x32({low(index), high(index), low(stream), high(stream)},
                      {low(seed), high(seed)});
}

} // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
    constexpr int rounds = 10;
    for (int i = 0; i < rounds; ++i) {
        counter = round(counter, key);
        key[0] += 0x9E3779B9U;
        key[1] += 0xBB67AE85U;
    }
    return counter;
}

std::uint64_t RandomStream::bits(std::uint64_t index) const {
    const auto b = block(seed_, stream_, index);
    return join(b[0], b[1]);
}

double RandomStream::uniform(std::uint64_t index) const { return to_unit(bits(index)); }

double RandomStream::normal(std::uint64_t index) const {
    const auto b = block(seed_, stream_, index);
    const double radius = std::sqrt(-2.0 * std::log1p(-to_unit(join(b[0], b[1]))));
    return radius * std::cos(2.0 * std::numbers::pi * to_unit(join(b[2], b[3])));
}

} // namespace joulemark
