// Edges become windows: nested, concurrent, of one name, left open, out of order.
#include "workload/mark.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace joulemark::workload {

namespace {

MarkEvent begin(std::string name, std::int64_t ns, std::string id = {}) {
    return {.begin = true, .name = std::move(name), .id = std::move(id), .time = instant_at(ns)};
}
MarkEvent end(std::string name, std::int64_t ns, std::string id = {}) {
    return {.begin = false, .name = std::move(name), .id = std::move(id), .time = instant_at(ns)};
}
Mark mark(std::string name, std::int64_t from, std::int64_t to, bool closed = true) {
    return {std::move(name), {instant_at(from), instant_at(to)}, closed};
}

constexpr Instant later = instant_at(1'000'000);

} // namespace

TEST(MarkLedger, BeginAndEndMakeAWindow) {
    MarkLedger ledger;
    ASSERT_TRUE(ledger.add(begin("prefill", 10), later));
    ASSERT_TRUE(ledger.add(end("prefill", 30), later));
    EXPECT_EQ(ledger.marks(later), std::vector{mark("prefill", 10, 30)});
}

TEST(MarkLedger, WithoutATimeTheMomentOfReceiptCounts) {
    MarkLedger ledger;
    ASSERT_TRUE(ledger.add({.begin = true, .name = "a", .id = {}, .time = {}}, instant_at(5)));
    ASSERT_TRUE(ledger.add({.begin = false, .name = "a", .id = {}, .time = {}}, instant_at(9)));
    EXPECT_EQ(ledger.marks(later), std::vector{mark("a", 5, 9)});
}

TEST(MarkLedger, InnermostOfOneNameEndsFirst) {
    MarkLedger ledger;
    ASSERT_TRUE(ledger.add(begin("a", 10), later));
    ASSERT_TRUE(ledger.add(begin("a", 20), later));
    ASSERT_TRUE(ledger.add(end("a", 30), later));
    ASSERT_TRUE(ledger.add(end("a", 40), later));
    EXPECT_EQ(ledger.marks(later), (std::vector{mark("a", 10, 40), mark("a", 20, 30)}));
}

TEST(MarkLedger, IdsTellConcurrentWindowsOfOneNameApart) {
    MarkLedger ledger;
    ASSERT_TRUE(ledger.add(begin("request", 10, "1"), later));
    ASSERT_TRUE(ledger.add(begin("request", 20, "2"), later));
    ASSERT_TRUE(ledger.add(end("request", 30, "1"), later));
    ASSERT_TRUE(ledger.add(end("request", 45, "2"), later));
    EXPECT_EQ(ledger.marks(later), (std::vector{mark("request", 10, 30), mark("request", 20, 45)}));
}

TEST(MarkLedger, OpenWindowLastsToTheEndAndSaysSo) {
    MarkLedger ledger;
    ASSERT_TRUE(ledger.add(begin("decode", 10), later));
    EXPECT_EQ(ledger.marks(instant_at(70)), std::vector{mark("decode", 10, 70, false)});
    EXPECT_EQ(ledger.marks(instant_at(5)), std::vector{mark("decode", 10, 10, false)});
}

TEST(MarkLedger, EndWithoutBeginIsRefused) {
    MarkLedger ledger;
    ASSERT_TRUE(ledger.add(begin("a", 10, "1"), later));
    for (const MarkEvent& event : {end("b", 20), end("a", 20, "2")}) {
        const auto taken = ledger.add(event, later);
        ASSERT_FALSE(taken);
        EXPECT_EQ(taken.error().kind, Kind::invalid_argument);
    }
    EXPECT_EQ(ledger.marks(instant_at(50)), std::vector{mark("a", 10, 50, false)});
}

TEST(MarkLedger, TimeAfterReceiptIsRefused) {
    MarkLedger ledger;
    EXPECT_FALSE(ledger.add(begin("a", 60'000'000'000), instant_at(1)));
    EXPECT_TRUE(ledger.marks(later).empty());
}

TEST(MarkLedger, WindowThatEndsBeforeItsBeginIsEmptyNotNegative) {
    MarkLedger ledger;
    ASSERT_TRUE(ledger.add(begin("a", 100), later));
    ASSERT_TRUE(ledger.add(end("a", 50), later));
    EXPECT_EQ(ledger.marks(later), std::vector{mark("a", 100, 100)});
}

TEST(MarkLedger, NumberOfMarksIsBounded) {
    MarkLedger ledger;
    for (std::size_t i = 0; i < MarkLedger::max_marks; ++i) {
        ASSERT_TRUE(ledger.add(begin("a", 1), later));
        ASSERT_TRUE(ledger.add(end("a", 2), later));
    }
    EXPECT_FALSE(ledger.add(begin("one-more", 3), later));
    EXPECT_EQ(ledger.marks(later).size(), MarkLedger::max_marks);
}

RC_GTEST_PROP(MarkLedger, EveryBeginGivesOneOrderedMark, (const std::vector<bool>& edges)) {
    MarkLedger ledger;
    std::size_t begins = 0;
    std::int64_t now = 0;
    for (const bool is_begin : edges) {
        ++now;
        const auto name = *rc::gen::element<std::string>("a", "b");
        const auto taken = ledger.add(is_begin ? begin(name, now) : end(name, now), later);
        RC_ASSERT(!is_begin || taken.has_value());
        begins += is_begin ? 1U : 0U;
    }
    const auto marks = ledger.marks(instant_at(now));
    RC_ASSERT(marks.size() == begins);
    for (std::size_t i = 0; i < marks.size(); ++i) {
        RC_ASSERT(marks[i].window.begin <= marks[i].window.end);
        if (i > 0) {
            RC_ASSERT(marks[i - 1].window.begin <= marks[i].window.begin);
        }
    }
}

} // namespace joulemark::workload
