// Bytes of a block, written and read in order. Integers are LEB128 varints, signed ones zigzag
// first. Values only; private to this room.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace joulemark::store {

using Blob = std::vector<std::uint8_t>;
using BlobView = std::span<const std::uint8_t>;

// Small magnitudes of either sign become small numbers: 0, -1, 1, -2, 2 ... -> 0, 1, 2, 3, 4 ...
[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t v) {
    return (static_cast<std::uint64_t>(v) << 1U) ^ static_cast<std::uint64_t>(v >> 63);
}
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t v) {
    return static_cast<std::int64_t>((v >> 1U) ^ (~(v & 1U) + 1U));
}

void put_varint(Blob& out, std::uint64_t value);

// CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4).
[[nodiscard]] std::uint32_t crc32c(BlobView bytes);

// Reads bytes that may be hostile. After the first read past the end, `ok` is false and everything
// reads as zero.
class ByteReader {
public:
    explicit ByteReader(BlobView bytes) : rest_(bytes) {}

    [[nodiscard]] std::uint8_t byte();
    [[nodiscard]] std::uint64_t varint();
    // The next `count` bytes; empty when there are not so many.
    [[nodiscard]] BlobView take(std::uint64_t count);

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    void refuse() { ok_ = false; }

private:
    BlobView rest_;
    bool ok_ = true;
};

} // namespace joulemark::store
