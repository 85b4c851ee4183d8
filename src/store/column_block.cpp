#include "store/column_block.hpp"

#include "core/metric.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/trace.hpp"
#include "store/bytes.hpp"

#include <tl/expected.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace joulemark::store {

namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::size_t checksum_bytes = 4;

// The first byte of a column: the number of its step, or this.
constexpr std::uint8_t plain_doubles = 0x7F;
constexpr std::uint8_t with_missing = 0x80;

// Time is stored in the coarsest of these units that is exact.
constexpr std::array<std::int64_t, 3> time_units_ns{1, 1'000, 1'000'000};

// A decimal value is an integer divided by, or multiplied with, a power of ten. Both, because 123 /
// 1000.0 and 123 * 0.001 are different doubles and a driver's units may have been converted either
// way.
struct Step {
    double factor;
    bool divides;
};
constexpr std::array<Step, 9> steps{{{1.0, true},
                                     {10.0, true},
                                     {100.0, true},
                                     {1e3, true},
                                     {1e6, true},
                                     {0.1, false},
                                     {0.01, false},
                                     {0.001, false},
                                     {1e-6, false}}};
// Integers above this are no longer all doubles.
constexpr double largest_integer = 9007199254740992.0; // 2^53

// Place in the column mask and order in the block: part of the format, whatever the order of the
// enumeration becomes. New metrics go at the end.
constexpr std::array<Metric, metric_count> column_order{
    Metric::power,
    Metric::energy_counter,
    Metric::average_power,
    Metric::temperature,
    Metric::memory_temperature,
    Metric::utilisation,
    Metric::memory_utilisation,
    Metric::memory_used,
    Metric::sm_clock,
    Metric::memory_clock,
    Metric::power_limit,
    Metric::throttle_reasons,
};

std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }

bool is_missing(double value) { return bits_of(value) == bits_of(missing_reading); }

double from_integer(const Step& step, std::int64_t integer) {
    const auto number = static_cast<double>(integer);
    return step.divides ? number / step.factor : number * step.factor;
}

// The integer that gives back exactly this double, when there is one.
std::optional<std::int64_t> to_integer(const Step& step, double value) {
    const double scaled = step.divides ? value * step.factor : value / step.factor;
    if (!(scaled > -largest_integer && scaled < largest_integer)) {
        return std::nullopt;
    }
    const auto integer = static_cast<std::int64_t>(scaled + (scaled < 0.0 ? -0.5 : 0.5));
    if (bits_of(from_integer(step, integer)) != bits_of(value)) {
        return std::nullopt;
    }
    return integer;
}

// `integers` of all `values`, a missing one repeating its neighbour; false when one is not of that
// step.
bool all_to_integers(const Step& step,
                     std::span<const double> values,
                     std::vector<std::int64_t>& integers) {
    integers.clear();
    std::int64_t last = 0;
    for (const double value : values) {
        if (!is_missing(value)) {
            const auto integer = to_integer(step, value);
            if (!integer) {
                return false;
            }
            last = *integer;
        }
        integers.push_back(last);
    }
    return true;
}

// Differences wrap around: every pair of 64-bit numbers has one, and adding it back gives the same
// number.
std::int64_t difference(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t sum(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

tl::unexpected<Error> damaged(std::string_view why) {
    return fail(Kind::corrupt, "the block is damaged: " + std::string(why));
}

} // namespace

Blob BlockEncoder::encode(const Columns& columns, std::size_t first, std::size_t count) {
    assert(count <= max_block_rows && first + count <= columns.size());
    Blob out;
    out.push_back(format_version);
    put_varint(out, count);
    if (count != 0) {
        encode_times(std::span(columns.time).subspan(first, count), out);
    }
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < column_order.size(); ++i) {
        if (count != 0 && columns.has(column_order[i])) {
            mask |= std::uint64_t{1} << i;
        }
    }
    put_varint(out, mask);
    for (std::size_t i = 0; i < column_order.size(); ++i) {
        if ((mask >> i & 1U) != 0U) {
            encode_values(columns.values(column_order[i]).subspan(first, count), out);
        }
    }
    const std::uint32_t checksum = crc32c(out);
    for (unsigned shift = 0; shift < 8 * checksum_bytes; shift += 8) {
        out.push_back(static_cast<std::uint8_t>(checksum >> shift));
    }
    return out;
}

void BlockEncoder::encode_times(std::span<const Instant> times, Blob& out) {
    const std::int64_t first = count_ns(times.front());
    integers_.clear();
    for (const Instant t : times) {
        integers_.push_back(difference(count_ns(t), first));
    }
    std::size_t unit = time_units_ns.size() - 1;
    while (std::ranges::any_of(
        integers_, [ns = time_units_ns[unit]](std::int64_t t) { return t % ns != 0; })) {
        --unit;
    }
    for (std::int64_t& t : integers_) {
        t /= time_units_ns[unit];
    }
    put_varint(out, zigzag(first));
    out.push_back(static_cast<std::uint8_t>(unit));
    encode_integers(out);
}

void BlockEncoder::encode_values(std::span<const double> values, Blob& out) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (!all_to_integers(steps[i], values, integers_)) {
            continue;
        }
        const bool missing = std::ranges::any_of(values, is_missing);
        out.push_back(static_cast<std::uint8_t>(missing ? i | with_missing : i));
        put_varint(out, zigzag(integers_.front()));
        encode_integers(out);
        if (missing) {
            encode_missing(values, out);
        }
        return;
    }
    out.push_back(plain_doubles);
    encode_doubles(values, out);
}

// How each of `integers_` differs from the one before, less what they mostly differ by: a steady
// clock, a steady counter and a steady power all leave small numbers around zero.
void BlockEncoder::encode_integers(Blob& out) {
    sorted_.clear();
    for (std::size_t i = 1; i < integers_.size(); ++i) {
        sorted_.push_back(difference(integers_[i], integers_[i - 1]));
    }
    if (sorted_.empty()) {
        return;
    }
    words_.resize(sorted_.size());
    std::ranges::transform(
        sorted_, words_.begin(), [](std::int64_t d) { return static_cast<std::uint64_t>(d); });
    const auto middle = sorted_.begin() + static_cast<std::ptrdiff_t>(sorted_.size() / 2);
    std::ranges::nth_element(sorted_, middle);
    const std::int64_t typical = *middle;
    for (std::uint64_t& word : words_) {
        word = zigzag(difference(static_cast<std::int64_t>(word), typical));
    }
    put_varint(out, zigzag(typical));
    planes_.encode(words_, out);
}

// One bit for each row, lowest first.
void BlockEncoder::encode_missing(std::span<const double> values, Blob& out) {
    words_.assign((values.size() + 7) / 8, 0);
    for (std::size_t i = 0; i < values.size(); ++i) {
        words_[i / 8] |= std::uint64_t{is_missing(values[i])} << (i % 8);
    }
    planes_.encode(words_, out);
}

// Neighbours of like size share sign, exponent and leading digits: what remains of an exclusive or
// is low.
void BlockEncoder::encode_doubles(std::span<const double> values, Blob& out) {
    words_.clear();
    std::uint64_t last = 0;
    for (const double value : values) {
        words_.push_back(bits_of(value) ^ last);
        last = bits_of(value);
    }
    planes_.encode(words_, out);
}

Result<Columns> BlockDecoder::decode(BlobView block) {
    if (block.size() < checksum_bytes) {
        return damaged("it ends too early");
    }
    const BlobView body = block.first(block.size() - checksum_bytes);
    std::uint32_t checksum = 0;
    for (std::size_t i = 0; i < checksum_bytes; ++i) {
        checksum |= std::uint32_t{block[body.size() + i]} << (8 * i);
    }
    if (crc32c(body) != checksum) {
        return damaged("its checksum does not match");
    }
    ByteReader in(body);
    if (in.byte() != format_version) {
        return damaged("its format is unknown to this version of joulemark");
    }
    const std::uint64_t rows = in.varint();
    if (!in.ok() || rows > max_block_rows) {
        return damaged("its number of rows is impossible");
    }
    Columns columns;
    if (rows != 0) {
        columns.time.resize(rows);
        decode_times(in, columns.time);
    }
    const std::uint64_t mask = in.varint();
    for (std::size_t i = 0; in.ok() && rows != 0 && i < column_order.size(); ++i) {
        if ((mask >> i & 1U) != 0U) {
            columns.values(column_order[i]).resize(rows);
            decode_values(in, columns.values(column_order[i]));
        }
    }
    const bool unknown_columns = rows == 0 ? mask != 0 : mask >> column_order.size() != 0;
    if (!in.ok() || !in.at_end() || unknown_columns) {
        return damaged("its contents make no sense");
    }
    return columns;
}

void BlockDecoder::decode_times(ByteReader& in, std::span<Instant> times) {
    const std::int64_t first = unzigzag(in.varint());
    const std::uint8_t unit = in.byte();
    if (unit >= time_units_ns.size()) {
        in.refuse();
        return;
    }
    integers_.assign(1, 0);
    decode_integers(in, times.size());
    for (std::size_t i = 0; i < times.size(); ++i) {
        const auto ns = static_cast<std::uint64_t>(integers_[i]) *
                        static_cast<std::uint64_t>(time_units_ns[unit]);
        times[i] = instant_at(sum(first, static_cast<std::int64_t>(ns)));
    }
}

void BlockDecoder::decode_values(ByteReader& in, std::span<double> values) {
    const std::uint8_t encoding = in.byte();
    if (encoding == plain_doubles) {
        decode_doubles(in, values);
        return;
    }
    const std::size_t step = encoding & ~unsigned{with_missing};
    if (step >= steps.size()) {
        in.refuse();
        return;
    }
    integers_.assign(1, unzigzag(in.varint()));
    decode_integers(in, values.size());
    std::ranges::transform(integers_, values.begin(), [&](std::int64_t integer) {
        return from_integer(steps[step], integer);
    });
    if ((encoding & with_missing) != 0U) {
        decode_missing(in, values);
    }
}

// Continues `integers_`, which holds the first, to `count` of them.
void BlockDecoder::decode_integers(ByteReader& in, std::size_t count) {
    if (count > 1) {
        const std::int64_t typical = unzigzag(in.varint());
        words_.resize(count - 1);
        planes_.decode(in, words_);
        for (const std::uint64_t word : words_) {
            integers_.push_back(sum(integers_.back(), sum(typical, unzigzag(word))));
        }
    }
}

void BlockDecoder::decode_missing(ByteReader& in, std::span<double> values) {
    words_.resize((values.size() + 7) / 8);
    planes_.decode(in, words_);
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (((words_[i / 8] >> (i % 8)) & 1U) != 0U) {
            values[i] = missing_reading;
        }
    }
}

void BlockDecoder::decode_doubles(ByteReader& in, std::span<double> values) {
    words_.resize(values.size());
    planes_.decode(in, words_);
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        bits ^= words_[i];
        values[i] = std::bit_cast<double>(bits);
    }
}

} // namespace joulemark::store
