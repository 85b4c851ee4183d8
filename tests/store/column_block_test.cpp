#include "store/column_block.hpp"
#include "store/columns.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace joulemark::store {
namespace {

using test::power_samples;
using test::same_bits;

Blob encode(const Columns& columns) { return BlockEncoder{}.encode(columns, 0, columns.size()); }

// Rows 10 ms apart with these powers.
Columns with_power(const std::vector<double>& watts) {
    Columns columns;
    for (std::size_t i = 0; i < watts.size(); ++i) {
        columns.time.push_back(instant_at(static_cast<std::int64_t>(i) * 10'000'000));
    }
    columns.values(Metric::power) = watts;
    return columns;
}

::testing::AssertionResult comes_back(const Columns& columns) {
    const auto decoded = BlockDecoder{}.decode(encode(columns));
    if (!decoded) {
        return ::testing::AssertionFailure() << decoded.error().describe();
    }
    if (!same_bits(*decoded, columns)) {
        return ::testing::AssertionFailure() << "decoded rows differ";
    }
    return ::testing::AssertionSuccess();
}

// Any 64 bits, but often one of the doubles that break number formats.
rc::Gen<double> any_double() {
    using limits = std::numeric_limits<double>;
    return rc::gen::oneOf(
        rc::gen::map(rc::gen::arbitrary<std::uint64_t>(),
                     [](std::uint64_t bits) { return std::bit_cast<double>(bits); }),
        rc::gen::map(rc::gen::inRange(-2'000'000, 2'000'000), [](int mw) { return mw / 1000.0; }),
        rc::gen::element(0.0,
                         -0.0,
                         missing_reading,
                         -limits::quiet_NaN(),
                         limits::infinity(),
                         -limits::infinity(),
                         limits::denorm_min(),
                         limits::max(),
                         limits::lowest(),
                         9007199254740991.0,
                         9007199254740993.0,
                         1e300));
}

rc::Gen<Columns> any_columns(const rc::Gen<double>& value) {
    return rc::gen::mapcat(rc::gen::inRange<std::size_t>(0, 70), [value](std::size_t rows) {
        return rc::gen::map(
            rc::gen::pair(rc::gen::container<std::vector<std::int64_t>>(
                              rows, rc::gen::arbitrary<std::int64_t>()),
                          rc::gen::container<std::vector<std::vector<double>>>(
                              metric_count, rc::gen::container<std::vector<double>>(rows, value))),
            [](const auto& parts) {
                Columns columns;
                for (const std::int64_t t : parts.first) {
                    columns.time.push_back(instant_at(t));
                }
                for (std::size_t i = 0; i < metric_count; ++i) {
                    // Some metrics are absent, depending on the data.
                    const auto& values = parts.second[i];
                    const bool present =
                        !values.empty() && std::bit_cast<std::uint64_t>(values[0]) % 3 != 1;
                    columns.column[i] = present ? values : std::vector<double>{};
                }
                return columns;
            });
    });
}

RC_GTEST_PROP(ColumnBlock, EveryDoubleAndEveryTimeComesBack, ()) {
    RC_ASSERT(comes_back(*any_columns(any_double())));
}

RC_GTEST_PROP(ColumnBlock, DecimalsWithMissingReadingsComeBack, ()) {
    const double divisor = *rc::gen::element(1.0, 10.0, 100.0, 1000.0, 1e6);
    const bool multiply = *rc::gen::arbitrary<bool>();
    const auto decimal = rc::gen::oneOf(
        rc::gen::just(missing_reading),
        rc::gen::map(rc::gen::inRange<std::int64_t>(-1'000'000'000, 1'000'000'000'000),
                     [=](std::int64_t k) {
                         const auto number = static_cast<double>(k);
                         return multiply ? number * (1.0 / divisor) : number / divisor;
                     }));
    RC_ASSERT(comes_back(*any_columns(decimal)));
}

RC_GTEST_PROP(ColumnBlock, DamageIsRecognised, ()) {
    Blob block = encode(power_samples(*rc::gen::inRange<std::size_t>(0, 1000), 100));
    const auto at = *rc::gen::inRange<std::size_t>(0, block.size());
    block[at] = static_cast<std::uint8_t>(block[at] ^ *rc::gen::inRange<unsigned>(1, 256));
    const auto decoded = BlockDecoder{}.decode(block);
    RC_ASSERT(!decoded.has_value());
    RC_ASSERT(decoded.error().kind == Kind::corrupt);
}

RC_GTEST_PROP(ColumnBlock, ACutOffBlockIsRecognised, ()) {
    Blob block = encode(power_samples(0, 100));
    block.resize(*rc::gen::inRange<std::size_t>(0, block.size()));
    RC_ASSERT(!BlockDecoder{}.decode(block).has_value());
}

TEST(ColumnBlock, NoRowsComeBack) { EXPECT_TRUE(comes_back({})); }

TEST(ColumnBlock, RowsWithoutAnyMetricComeBack) {
    Columns columns;
    columns.time = {instant_at(5), instant_at(7), instant_at(1'000'000'000'000)};
    EXPECT_TRUE(comes_back(columns));
}

TEST(ColumnBlock, OneRowComesBack) { EXPECT_TRUE(comes_back(power_samples(3, 1))); }

TEST(ColumnBlock, TheLongestBlockComesBack) {
    EXPECT_TRUE(comes_back(power_samples(0, max_block_rows)));
}

TEST(ColumnBlock, OnlyTheRowsAskedForAreInIt) {
    const Columns all = power_samples(0, 100);
    const auto decoded = BlockDecoder{}.decode(BlockEncoder{}.encode(all, 20, 30));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_TRUE(same_bits(*decoded, power_samples(20, 30)));
}

TEST(ColumnBlock, ACoderCanBeUsedAgain) {
    BlockEncoder encoder;
    BlockDecoder decoder;
    for (const std::size_t rows : {100UL, 5000UL, 1UL, 300UL}) {
        const Columns columns = power_samples(rows, rows);
        const auto decoded = decoder.decode(encoder.encode(columns, 0, rows));
        ASSERT_TRUE(decoded.has_value());
        EXPECT_TRUE(same_bits(*decoded, columns));
    }
}

TEST(ColumnBlock, NoisyPowerInMilliwattsTakesLessThanFourBytesARow) {
    Columns columns = power_samples(0, block_rows);
    columns.values(Metric::energy_counter).clear();
    EXPECT_LT(static_cast<double>(encode(columns).size()) / block_rows, 3.0);
}

TEST(ColumnBlock, MissingReadingsDoNotMakeAColumnLarge) {
    Columns columns = power_samples(0, block_rows);
    const std::size_t whole = encode(columns).size();
    for (std::size_t i = 0; i < columns.size(); i += 100) {
        columns.values(Metric::power)[i] = missing_reading;
    }
    EXPECT_TRUE(comes_back(columns));
    EXPECT_LT(encode(columns).size(), whole + columns.size() / 8);
}

TEST(ColumnBlock, ASteadyDeviceTakesAlmostNothing) {
    const Columns columns = with_power(std::vector<double>(block_rows, 71.5));
    EXPECT_TRUE(comes_back(columns));
    EXPECT_LT(encode(columns).size(), 40U);
}

// The same 0.3 from both conversions a back-end may use: they differ in the last bit.
TEST(ColumnBlock, BothWaysToConvertMilliwattsAreDecimal) {
    std::vector<double> divided;
    std::vector<double> multiplied;
    std::mt19937 engine(1);
    for (int i = 0; i < 1000; ++i) {
        const auto mw = static_cast<double>(engine() % 700'000);
        divided.push_back(mw / 1000.0);
        multiplied.push_back(mw * 0.001);
    }
    ASSERT_NE(divided, multiplied);
    EXPECT_TRUE(comes_back(with_power(multiplied)));
    EXPECT_LT(encode(with_power(divided)).size(), 3000U);
    EXPECT_LT(encode(with_power(multiplied)).size(), 3000U);
}

// The block of two rows, 300.5 W at 1 ms and 300 W at 2 ms, as docs/reference/store.md spells it
// out: the format must not change without a new version.
TEST(ColumnBlock, BytesAreAsDocumented) {
    Columns columns;
    columns.time = {instant_at(1'000'000), instant_at(2'000'000)};
    columns.values(Metric::power) = {300.5, 300.0};
    const Blob expected{0x01,
                        0x02, // format, rows
                        0x80,
                        0x89,
                        0x7A,
                        0x02, // first time 1,000,000 ns, unit 1 ms
                        0x02,
                        0x00, // typical step 1, no planes: no deviation
                        0x01, // columns: power
                        0x01,
                        0xFA,
                        0x2E, // tenths, first value 3005
                        0x09,
                        0x00}; // typical step -5, no planes
    const Blob block = encode(columns);
    ASSERT_EQ(block.size(), expected.size() + 4);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), block.begin()));
}

TEST(ColumnBlock, AnImpossibleNumberOfRowsIsRefused) {
    Blob block{0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F};
    const std::uint32_t checksum = crc32c(block);
    for (unsigned shift = 0; shift < 32; shift += 8) {
        block.push_back(static_cast<std::uint8_t>(checksum >> shift));
    }
    const auto decoded = BlockDecoder{}.decode(block);
    ASSERT_FALSE(decoded.has_value());
    EXPECT_EQ(decoded.error().kind, Kind::corrupt);
    EXPECT_NE(decoded.error().message.find("rows"), std::string::npos);
}

TEST(Crc32c, GivesThePublishedCheckValue) {
    const std::string_view digits = "123456789";
    const Blob bytes(digits.begin(), digits.end());
    EXPECT_EQ(crc32c(bytes), 0xE3069283U);
}

RC_GTEST_PROP(Varint, EveryNumberComesBack, (std::int64_t value)) {
    Blob bytes;
    put_varint(bytes, zigzag(value));
    ByteReader reader(bytes);
    RC_ASSERT(unzigzag(reader.varint()) == value);
    RC_ASSERT(reader.ok());
    RC_ASSERT(reader.at_end());
}

TEST(Varint, MoreThan64BitsAreRefused) {
    const Blob bytes{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02};
    ByteReader reader(bytes);
    EXPECT_EQ(reader.varint(), 0U);
    EXPECT_FALSE(reader.ok());
}

} // namespace
} // namespace joulemark::store
