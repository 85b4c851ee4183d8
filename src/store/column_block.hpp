// The compressed form in which rows of `Columns` lie in the store: lossless for every time and
// every double, protected by a checksum, decoded within bounds whatever the bytes say.
// docs/reference/store.md describes it byte by byte. A codec owns its scratch memory: one thread at
// a time. Private to this room.
//
//     BlockEncoder encoder;
//     Blob blob = encoder.encode(columns, 0, columns.size());
//     Result<Columns> same = BlockDecoder{}.decode(blob);
#pragma once

#include "core/result.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"
#include "store/bytes.hpp"
#include "store/planes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace joulemark::store {

// Rows of one block when a recording is at rest: 80 s at 100 Hz, about 24 kB.
inline constexpr std::size_t block_rows = 8192;
// A block that claims more is damaged. Bounds what a decoder allocates: 13 columns of 8 bytes each,
// 7 MB.
inline constexpr std::size_t max_block_rows = 65536;

class BlockEncoder {
public:
    // Rows first .. first + count, count <= max_block_rows; every column is empty or as long as
    // `time`.
    [[nodiscard]] Blob encode(const Columns& columns, std::size_t first, std::size_t count);

private:
    void encode_times(std::span<const Instant> times, Blob& out);
    void encode_values(std::span<const double> values, Blob& out);
    void encode_doubles(std::span<const double> values, Blob& out);
    void encode_integers(Blob& out);
    void encode_missing(std::span<const double> values, Blob& out);

    PlaneEncoder planes_;
    std::vector<std::int64_t> integers_;
    std::vector<std::int64_t> sorted_;
    std::vector<std::uint64_t> words_;
};

class BlockDecoder {
public:
    // Kind::corrupt when the bytes are not a whole, undamaged block.
    [[nodiscard]] Result<Columns> decode(BlobView block);

private:
    void decode_times(ByteReader& in, std::span<Instant> times);
    void decode_values(ByteReader& in, std::span<double> values);
    void decode_doubles(ByteReader& in, std::span<double> values);
    void decode_integers(ByteReader& in, std::size_t count);
    void decode_missing(ByteReader& in, std::span<double> values);

    PlaneDecoder planes_;
    std::vector<std::int64_t> integers_;
    std::vector<std::uint64_t> words_;
};

} // namespace joulemark::store
