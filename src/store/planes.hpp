// Byte planes: a list of 64-bit words stored as all their lowest bytes, then all their second
// bytes, and so on up to the highest byte that any word uses. Noise gathers in the low planes,
// which are kept as they are; the high planes are regular and nearly vanish. Each plane is raw, one
// repeated byte, or a zstd frame, whichever is shortest. A coder owns its zstd context and scratch
// memory: one thread at a time. Private to this room.
#pragma once

#include "store/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace joulemark::store {

class PlaneEncoder {
public:
    PlaneEncoder();
    void encode(std::span<const std::uint64_t> words, Blob& out);

private:
    void encode_plane(Blob& out);

    struct Free {
        void operator()(ZSTD_CCtx_s* context) const;
    };
    std::unique_ptr<ZSTD_CCtx_s, Free> context_; // null: memory ran out, planes stay raw
    Blob plane_;
    Blob compressed_;
};

class PlaneDecoder {
public:
    PlaneDecoder();
    // Fills `words`. What does not fit it exactly makes the reader refuse.
    void decode(ByteReader& in, std::span<std::uint64_t> words);

private:
    [[nodiscard]] BlobView decode_plane(ByteReader& in, std::size_t count);

    struct Free {
        void operator()(ZSTD_DCtx_s* context) const;
    };
    std::unique_ptr<ZSTD_DCtx_s, Free>
        context_; // null: memory ran out, compressed planes are refused
    Blob plane_;
};

} // namespace joulemark::store
