// Arbitrary bytes as a column block, as they are and with a checksum that fits: decoding stays
// within bounds, and what decodes survives another round trip bit for bit.
#include "store/column_block.hpp"

#include <bit>
#include <cstddef>
#include <cstdlib>

namespace {

using namespace joulemark;
using namespace joulemark::store;

bool same_bits(const Columns& a, const Columns& b) {
    if (a.time != b.time) {
        return false;
    }
    for (std::size_t c = 0; c < metric_count; ++c) {
        if (a.column[c].size() != b.column[c].size()) {
            return false;
        }
        for (std::size_t i = 0; i < a.column[c].size(); ++i) {
            if (std::bit_cast<std::uint64_t>(a.column[c][i]) !=
                std::bit_cast<std::uint64_t>(b.column[c][i])) {
                return false;
            }
        }
    }
    return true;
}

void check(BlobView block) {
    BlockDecoder decoder;
    const auto columns = decoder.decode(block);
    if (!columns) {
        return;
    }
    const auto again = decoder.decode(BlockEncoder{}.encode(*columns, 0, columns->size()));
    if (!again || !same_bits(*columns, *again)) {
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BlobView input(data, size);
    check(input);
    Blob block(input.begin(), input.end());
    const std::uint32_t checksum = crc32c(input);
    for (unsigned shift = 0; shift < 32; shift += 8) {
        block.push_back(static_cast<std::uint8_t>(checksum >> shift));
    }
    check(block);
    return 0;
}
