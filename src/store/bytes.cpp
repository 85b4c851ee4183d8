#include "store/bytes.hpp"

#include <array>
#include <cstdint>

namespace joulemark::store {

namespace {

constexpr std::array<std::uint32_t, 256> make_crc_table() {
    constexpr std::uint32_t reversed_polynomial = 0x82F63B78U;
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1U) ^ ((crc & 1U) != 0U ? reversed_polynomial : 0U);
        }
        table[i] = crc;
    }
    return table;
}

} // namespace

void put_varint(Blob& out, std::uint64_t value) {
    while (value >= 0x80U) {
        out.push_back(static_cast<std::uint8_t>(value | 0x80U));
        value >>= 7U;
    }
    out.push_back(static_cast<std::uint8_t>(value));
}

std::uint32_t crc32c(BlobView bytes) {
    static constexpr auto table = make_crc_table();
    std::uint32_t crc = ~0U;
    for (const std::uint8_t b : bytes) {
        crc = (crc >> 8U) ^ table[(crc ^ b) & 0xFFU];
    }
    return ~crc;
}

std::uint8_t ByteReader::byte() {
    const BlobView one = take(1);
    return one.empty() ? std::uint8_t{0} : one.front();
}

std::uint64_t ByteReader::varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t b = byte();
        const std::uint64_t bits = b & 0x7FU;
        if (shift == 63 && bits > 1) {
            break;
        }
        value |= bits << shift;
        if ((b & 0x80U) == 0U) {
            return ok_ ? value : 0;
        }
    }
    refuse();
    return 0;
}

BlobView ByteReader::take(std::uint64_t count) {
    if (!ok_ || count > rest_.size()) {
        ok_ = false;
        return {};
    }
    const BlobView taken = rest_.first(count);
    rest_ = rest_.subspan(taken.size());
    return taken;
}

} // namespace joulemark::store
