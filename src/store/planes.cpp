#include "store/planes.hpp"

#include "store/bytes.hpp"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace joulemark::store {

namespace {

enum class PlaneKind : std::uint8_t { raw = 0, constant = 1, zstd = 2 };

// The planes are noise or nearly constant: higher levels gain less than 1 % on power samples.
constexpr int zstd_level = 1;
// A zstd frame spends about 12 bytes on itself.
constexpr std::size_t shortest_compressed = 32;

void put_kind(Blob& out, PlaneKind kind) { out.push_back(static_cast<std::uint8_t>(kind)); }

} // namespace

void PlaneEncoder::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }
void PlaneDecoder::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

PlaneEncoder::PlaneEncoder() : context_(ZSTD_createCCtx()) {}
PlaneDecoder::PlaneDecoder() : context_(ZSTD_createDCtx()) {}

void PlaneEncoder::encode(std::span<const std::uint64_t> words, Blob& out) {
    std::uint64_t used_bits = 0;
    for (const std::uint64_t word : words) {
        used_bits |= word;
    }
    const auto width = (static_cast<unsigned>(std::bit_width(used_bits)) + 7U) / 8U;
    out.push_back(static_cast<std::uint8_t>(width));
    plane_.resize(words.size());
    for (unsigned shift = 0; shift < 8 * width; shift += 8) {
        std::ranges::transform(words, plane_.begin(), [shift](std::uint64_t word) {
            return static_cast<std::uint8_t>(word >> shift);
        });
        encode_plane(out);
    }
}

void PlaneEncoder::encode_plane(Blob& out) {
    const auto differs = [first = plane_.front()](std::uint8_t b) { return b != first; };
    if (std::ranges::none_of(plane_, differs)) {
        put_kind(out, PlaneKind::constant);
        out.push_back(plane_.front());
        return;
    }
    if (context_ && plane_.size() >= shortest_compressed) {
        // Room for less than the plane itself: a frame that gains nothing is an error here.
        compressed_.resize(plane_.size() - 3);
        const std::size_t size = ZSTD_compressCCtx(context_.get(),
                                                   compressed_.data(),
                                                   compressed_.size(),
                                                   plane_.data(),
                                                   plane_.size(),
                                                   zstd_level);
        if (ZSTD_isError(size) == 0U) {
            put_kind(out, PlaneKind::zstd);
            put_varint(out, size);
            const BlobView frame = BlobView(compressed_).first(size);
            out.insert(out.end(), frame.begin(), frame.end());
            return;
        }
    }
    put_kind(out, PlaneKind::raw);
    out.insert(out.end(), plane_.begin(), plane_.end());
}

void PlaneDecoder::decode(ByteReader& in, std::span<std::uint64_t> words) {
    std::ranges::fill(words, 0U);
    const unsigned width = in.byte();
    if (width > 8) {
        in.refuse();
    }
    for (unsigned shift = 0; in.ok() && shift < 8 * width; shift += 8) {
        const BlobView plane = decode_plane(in, words.size());
        for (std::size_t i = 0; i < plane.size(); ++i) {
            words[i] |= std::uint64_t{plane[i]} << shift;
        }
    }
}

BlobView PlaneDecoder::decode_plane(ByteReader& in, std::size_t count) {
    switch (static_cast<PlaneKind>(in.byte())) {
    case PlaneKind::raw:
        return in.take(count);
    case PlaneKind::constant:
        plane_.assign(count, in.byte());
        return plane_;
    case PlaneKind::zstd: {
        const BlobView frame = in.take(in.varint());
        plane_.resize(count);
        if (context_ &&
            ZSTD_decompressDCtx(context_.get(), plane_.data(), count, frame.data(), frame.size()) ==
                count) {
            return plane_;
        }
        break;
    }
    }
    in.refuse();
    return {};
}

} // namespace joulemark::store
