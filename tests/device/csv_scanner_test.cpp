#include "device/csv_scanner.hpp"
#include "device/naive_csv.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace joulemark::device {
namespace {

using test::naive_fields;
using test::naive_lines;
using test::NaiveLine;

// Hands a text out in pieces of the given sizes, in turn.
class PieceSource final : public ByteSource {
public:
    PieceSource(std::string text, std::vector<std::size_t> sizes)
        : text_(std::move(text)), sizes_(std::move(sizes)) {}

    Result<std::size_t> read(std::span<char> room) override {
        const std::size_t size = std::max<std::size_t>(sizes_[turn_++ % sizes_.size()], 1);
        const std::size_t count = std::min({size, room.size(), text_.size() - given_});
        std::copy_n(text_.data() + given_, count, room.data());
        given_ += count;
        return count;
    }

private:
    std::string text_;
    std::vector<std::size_t> sizes_;
    std::size_t given_ = 0;
    std::size_t turn_ = 0;
};

class FailingSource final : public ByteSource {
public:
    Result<std::size_t> read(std::span<char> room) override {
        if (called_) {
            return fail(Kind::io, "the disk is gone");
        }
        called_ = true;
        room[0] = 'a';
        room[1] = '\n';
        return 2;
    }

private:
    bool called_ = false;
};

std::vector<NaiveLine> lines_of(LineReader reader) {
    std::vector<NaiveLine> lines;
    for (Line line; reader.next(line);) {
        lines.push_back({std::string(line.text), line.terminated});
        EXPECT_EQ(line.number, lines.size());
        EXPECT_FALSE(line.too_long);
    }
    EXPECT_FALSE(reader.error());
    return lines;
}

std::vector<std::string> fields_of(std::string_view line) {
    CsvFields fields;
    EXPECT_TRUE(fields.split(line)) << line;
    return {fields.all().begin(), fields.all().end()};
}

TEST(CsvScanner, LinesEndWithLfCrLfOrCrMixedAsTheyLike) {
    EXPECT_EQ(lines_of(LineReader("a\nb\r\nc\rd\n\ne\r\r")),
              (std::vector<NaiveLine>{{"a", true},
                                      {"b", true},
                                      {"c", true},
                                      {"d", true},
                                      {"", true},
                                      {"e", true},
                                      {"", true}}));
}

TEST(CsvScanner, ALastLineWithoutLineBreakIsGivenOutAndMarked) {
    EXPECT_EQ(lines_of(LineReader("a\nb")), (std::vector<NaiveLine>{{"a", true}, {"b", false}}));
    EXPECT_TRUE(lines_of(LineReader("")).empty());
}

TEST(CsvScanner, AByteOrderMarkIsNoPartOfTheFirstLine) {
    EXPECT_EQ(lines_of(LineReader("\xEF\xBB\xBFtimestamp\n")),
              (std::vector<NaiveLine>{{"timestamp", true}}));
    EXPECT_EQ(lines_of(LineReader("\xEF\xBB")), (std::vector<NaiveLine>{{"\xEF\xBB", false}}));
}

TEST(CsvScanner, ACrLfThatIsSplitBetweenTwoBlocksIsOneLineBreak) {
    for (std::size_t first = 1; first < 8; ++first) {
        LineReader reader(
            std::make_unique<PieceSource>("ab\r\ncd\r\n", std::vector<std::size_t>{first, 1}));
        EXPECT_EQ(lines_of(std::move(reader)), (std::vector<NaiveLine>{{"ab", true}, {"cd", true}}))
            << first;
    }
}

TEST(CsvScanner, ALineLongerThanAMebibyteIsGivenUpAndTheNextOneIsRead) {
    const std::string text = "first\n" + std::string(3 * LineReader::max_line, 'x') + "\r\nlast";
    std::vector<LineReader> readers;
    readers.emplace_back(text);
    readers.emplace_back(std::make_unique<PieceSource>(text, std::vector<std::size_t>{100'000}));
    for (LineReader& reader : readers) {
        Line line;
        ASSERT_TRUE(reader.next(line));
        EXPECT_EQ(line.text, "first");
        ASSERT_TRUE(reader.next(line));
        EXPECT_TRUE(line.too_long);
        EXPECT_TRUE(line.terminated);
        EXPECT_LT(line.text.size(), 100U);
        EXPECT_TRUE(line.text.starts_with("xxx"));
        EXPECT_EQ(line.number, 2U);
        ASSERT_TRUE(reader.next(line));
        EXPECT_EQ(line.text, "last");
        EXPECT_EQ(line.number, 3U);
        EXPECT_FALSE(line.terminated);
        EXPECT_FALSE(reader.next(line));
    }
}

TEST(CsvScanner, ALineOfExactlyAMebibyteIsRead) {
    const std::string text = std::string(LineReader::max_line, 'x') + "\n";
    LineReader reader(text);
    Line line;
    ASSERT_TRUE(reader.next(line));
    EXPECT_FALSE(line.too_long);
    EXPECT_EQ(line.text.size(), LineReader::max_line);
}

TEST(CsvScanner, PeekingTakesNothingAway) {
    LineReader reader(
        std::make_unique<PieceSource>("\xEF\xBB\xBFone\ntwo\n", std::vector<std::size_t>{2}));
    EXPECT_EQ(reader.peek(), "one\ntwo\n");
    EXPECT_EQ(lines_of(std::move(reader)), (std::vector<NaiveLine>{{"one", true}, {"two", true}}));
}

TEST(CsvScanner, AFailingSourceEndsTheReadingWithItsError) {
    LineReader reader(std::make_unique<FailingSource>());
    Line line;
    EXPECT_FALSE(reader.next(line));
    ASSERT_TRUE(reader.error());
    EXPECT_EQ(reader.error()->message, "the disk is gone");
}

TEST(CsvScanner, MoreBytesThanAllowedAreRefusedRatherThanRead) {
    const std::string text(200, '\n');
    LineReader enough(std::make_unique<PieceSource>(text, std::vector<std::size_t>{50}), 200);
    LineReader too_many(std::make_unique<PieceSource>(text, std::vector<std::size_t>{50}), 199);
    for (Line line; enough.next(line);) {
    }
    for (Line line; too_many.next(line);) {
    }
    EXPECT_FALSE(enough.error());
    ASSERT_TRUE(too_many.error());
    EXPECT_EQ(too_many.error()->kind, Kind::parse);
}

RC_GTEST_PROP(CsvScanner, GivesTheLinesOfTheNaiveScannerForAnyTextAndAnyBlocks, ()) {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::element('a', ',', '\r', '\n', '\n', '"', '\xEF'));
    const auto sizes = *rc::gen::nonEmpty(
        rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 9)));
    const auto expected = naive_lines(text);
    RC_ASSERT(lines_of(LineReader(text)) == expected);
    RC_ASSERT(lines_of(LineReader(std::make_unique<PieceSource>(text, sizes))) == expected);
}

TEST(CsvScanner, BlanksAroundAFieldAreNoPartOfIt) {
    EXPECT_EQ(fields_of("a, b ,\tc\t,, "), (std::vector<std::string>{"a", "b", "c", "", ""}));
    EXPECT_EQ(fields_of(""), (std::vector<std::string>{""}));
}

TEST(CsvScanner, QuotesHoldCommasBlanksAndDoubledQuotes) {
    EXPECT_EQ(fields_of(R"("a, b" , "say ""hi""", " c ",plain "quote")"),
              (std::vector<std::string>{"a, b", R"(say "hi")", " c ", R"(plain "quote")"}));
    EXPECT_EQ(fields_of(R"("","")"), (std::vector<std::string>{"", ""}));
}

TEST(CsvScanner, AQuoteThatIsNotClosedOrIsFollowedByTextIsRefused) {
    CsvFields fields;
    EXPECT_FALSE(fields.split(R"(a,"b)"));
    EXPECT_FALSE(fields.split(R"(a,"b"c)"));
    EXPECT_FALSE(fields.split(R"(")"));
    EXPECT_TRUE(fields.split("a,b"));
}

RC_GTEST_PROP(CsvScanner, GivesTheFieldsOfTheNaiveScannerForAnyLine, ()) {
    const auto line = *rc::gen::container<std::string>(
        rc::gen::element('a', 'b', ',', ',', ' ', '\t', '"', '"', '\0'));
    CsvFields fields;
    const bool good = fields.split(line);
    const auto expected = naive_fields(line);
    RC_ASSERT(good == expected.has_value());
    if (good) {
        RC_ASSERT(std::vector<std::string>(fields.all().begin(), fields.all().end()) == *expected);
    }
}

} // namespace
} // namespace joulemark::device
