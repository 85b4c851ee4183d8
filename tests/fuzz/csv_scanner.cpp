// The fast scanner against the naive one: the same lines for any text and any blocks, the same
// fields for any line.
#include "device/csv_scanner.hpp"

#include "device/naive_csv.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace joulemark;

// Blocks of one size after another, as the input's first byte says.
class BlockSource final : public device::ByteSource {
public:
    BlockSource(std::string_view text, std::size_t block) : text_(text), block_(block) {}

    Result<std::size_t> read(std::span<char> room) override {
        const std::size_t count = std::min({block_, room.size(), text_.size()});
        std::copy_n(text_.data(), count, room.data());
        text_.remove_prefix(count);
        return count;
    }

private:
    std::string_view text_;
    std::size_t block_;
};

void demand(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void compare(device::LineReader reader, const std::vector<test::NaiveLine>& expected) {
    std::size_t count = 0;
    for (device::Line line; reader.next(line); ++count) {
        demand(count < expected.size() && line.number == count + 1);
        demand(line.terminated == expected[count].terminated);
        demand(line.too_long || line.text == expected[count].text);
        demand(line.too_long == (expected[count].text.size() > device::LineReader::max_line));
    }
    demand(count == expected.size() && !reader.error());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string text(data + 1, data + size);
    const auto lines = test::naive_lines(text);
    compare(device::LineReader(text), lines);
    compare(device::LineReader(std::make_unique<BlockSource>(text, std::size_t{data[0]} + 1)),
            lines);

    device::CsvFields fields;
    for (const test::NaiveLine& line : lines) {
        const auto expected = test::naive_fields(line.text);
        demand(fields.split(line.text) == expected.has_value());
        demand(!expected || std::ranges::equal(fields.all(), *expected));
    }
    return 0;
}
