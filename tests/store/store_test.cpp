#include "store/columns.hpp"
#include "store/record_columns.hpp"
#include "store/run_writer.hpp"
#include "store/sqlite.hpp"
#include "store/store.hpp"
#include "store/surroundings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace joulemark::store {
namespace {

using namespace test;
using ::testing::HasSubstr;

template <class T> bool same(const std::optional<T>& a, const std::optional<T>& b);

// Equal in every member that has a column.
template <class T> bool same(const T& a, const T& b) {
    if constexpr (IsRecord<T>) {
        const auto members_same = [&]<std::size_t... I>(std::index_sequence<I...>) {
            const auto x = Record<T>::members(a);
            const auto y = Record<T>::members(b);
            return (same(std::get<I>(x), std::get<I>(y)) && ...);
        };
        return members_same(
            std::make_index_sequence<std::tuple_size_v<decltype(Record<T>::members(a))>>{});
    } else {
        return a == b;
    }
}
template <class T> bool same(const std::optional<T>& a, const std::optional<T>& b) {
    return a.has_value() == b.has_value() && (!a || same(*a, *b));
}

void expect_same(const RunRecord& a, const RunRecord& b) {
    EXPECT_TRUE(same(a, b));
    EXPECT_EQ(a.command, b.command);
    EXPECT_EQ(a.marks, b.marks);
    EXPECT_EQ(a.warnings, b.warnings);
    ASSERT_EQ(a.devices.size(), b.devices.size());
    for (std::size_t i = 0; i < a.devices.size(); ++i) {
        EXPECT_TRUE(same(a.devices[i], b.devices[i])) << a.devices[i].name;
        EXPECT_EQ(a.devices[i].notes, b.devices[i].notes);
    }
}

class StoreTest : public ::testing::Test {
protected:
    void SetUp() override {
        store_ = open_store(file_);
        ASSERT_NE(store_, nullptr);
    }

    std::unique_ptr<RunWriter> begin(RunRecord& record) {
        auto writer = store_->begin(record);
        if (!writer) {
            ADD_FAILURE() << writer.error().describe();
            return nullptr;
        }
        return std::move(*writer);
    }

    // A finished run with so many fast samples of each device.
    RunRecord record_run(RunRecord record, std::size_t samples = 100) {
        auto writer = begin(record);
        for (std::size_t i = 0; i < record.devices.size(); ++i) {
            EXPECT_TRUE(
                writer->append(i, power_samples(0, samples), slow_samples(0, samples / 50)));
        }
        EXPECT_TRUE(writer->finish(record, std::vector<SamplingReport>(record.devices.size())));
        return record;
    }

    RunRecord record_run_at(std::int64_t created_unix_ns) {
        RunRecord record = plain_record();
        record.created_unix_ns = created_unix_ns;
        return record_run(record, 10);
    }

    std::int64_t blocks_in_file() {
        auto database = Database::open(file_);
        Transaction tx(**database, Access::read);
        std::int64_t blocks = 0;
        EXPECT_TRUE(tx.query("SELECT count(*) FROM blocks").next(blocks));
        return blocks;
    }

    TemporaryFolder folder_;
    std::string file_ = folder_.file("runs.db");
    std::unique_ptr<Store> store_;
};

template <class T>
constexpr std::size_t columns_known =
    std::tuple_size_v<decltype(Record<T>::members(std::declval<T&>()))>;

// Does not compile when a record has gained a member: it needs a column in record_columns.hpp, or a
// table.
TEST(RecordColumns, KnowEveryMember) {
    {
        [[maybe_unused]] const auto& [a,
                                      b,
                                      c,
                                      d,
                                      e,
                                      f,
                                      g,
                                      h,
                                      i,
                                      j,
                                      k,
                                      l,
                                      command,
                                      n,
                                      o,
                                      p,
                                      marks,
                                      devices,
                                      warnings] = RunRecord{};
        EXPECT_EQ(columns_known<RunRecord>, 19U - 4U);
    }
    {
        [[maybe_unused]] const auto& [a,
                                      b,
                                      c,
                                      d,
                                      e,
                                      f,
                                      g,
                                      h,
                                      i,
                                      j,
                                      k,
                                      l,
                                      m,
                                      n,
                                      o,
                                      p,
                                      q,
                                      r,
                                      s,
                                      t,
                                      u,
                                      v,
                                      w,
                                      x,
                                      notes] = DeviceInfo{};
        EXPECT_EQ(columns_known<DeviceInfo>, 25U - 1U);
    }
    {
        [[maybe_unused]] const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, gaps, o, p] =
            SamplingReport{};
        EXPECT_EQ(columns_known<SamplingReport>, 16U - 1U);
    }
    {
        [[maybe_unused]] const auto& [a, b, c, d, e, f] = SensorProfile{};
        EXPECT_EQ(columns_known<SensorProfile>, 6U);
    }
    {
        [[maybe_unused]] const auto& [a, b, c, d] = CounterProfile{};
        EXPECT_EQ(columns_known<CounterProfile>, 4U);
    }
}

TEST_F(StoreTest, AFullRecordComesBack) {
    RunRecord record = full_record();
    const RunRecord given = record;
    auto writer = begin(record);
    EXPECT_EQ(record.state, RunState::recording);
    record.state = RunState::failed;
    ASSERT_TRUE(writer->finish(record, std::vector<SamplingReport>(record.devices.size())));
    const auto found = store_->find(given.id);
    ASSERT_TRUE(found.has_value()) << found.error().describe();
    expect_same(*found, given);
}

TEST_F(StoreTest, WhatIsUnknownStaysUnknown) {
    RunRecord record = record_run(plain_record());
    const auto found = store_->find("last");
    ASSERT_TRUE(found.has_value());
    EXPECT_FALSE(found->anchor || found->window || found->baseline || found->exit_status ||
                 found->tokens);
    const DeviceInfo& device = found->devices.front();
    EXPECT_FALSE(device.uuid || device.power_limit || device.persistence_mode ||
                 device.power_sensor || device.counter);
    expect_same(*found, [&] {
        record.state = RunState::finished;
        return record;
    }());
}

TEST_F(StoreTest, SamplesComeBackBitForBit) {
    RunRecord record = plain_record(2);
    auto writer = begin(record);
    Columns fast = power_samples(0, 20'000);
    fast.values(Metric::power)[77] = missing_reading;
    ASSERT_TRUE(writer->append(0, fast, slow_samples(0, 300)));
    ASSERT_TRUE(writer->append(1, power_samples(5, 50), {}));
    ASSERT_TRUE(writer->finish(record, std::vector<SamplingReport>(2)));
    const auto run = store_->read(record.id);
    ASSERT_TRUE(run.has_value()) << run.error().describe();
    ASSERT_EQ(run->traces.size(), 2U);
    EXPECT_TRUE(same_bits(run->traces[0].fast(), fast));
    EXPECT_TRUE(same_bits(run->traces[0].slow(), slow_samples(0, 300)));
    EXPECT_TRUE(same_bits(run->traces[1].fast(), power_samples(5, 50)));
    EXPECT_EQ(run->traces[1].info().device.name, "sim:1");
    EXPECT_EQ(run->traces[0].info().interval, std::chrono::milliseconds{10});
    EXPECT_EQ(run->traces[0].info().merged, 1U);
}

TEST_F(StoreTest, SamplingReportsComeBack) {
    SamplingReport report;
    report.samples = 1;
    report.missed_deadlines = 2;
    report.failed_reads = 3;
    report.unchanged_readings = 4;
    report.rejected_times = 5;
    report.times_lost = 6;
    report.latency_p50 = Nanoseconds{7};
    report.latency_p99 = Nanoseconds{8};
    report.lateness_p99 = Nanoseconds{9};
    report.lateness_max = Nanoseconds{10};
    report.cpu_time = Seconds{0.5};
    report.wall_step = Nanoseconds{-11};
    report.still_lost = true;
    for (const GapReason reason : {GapReason::missed_deadline,
                                   GapReason::read_failed,
                                   GapReason::device_lost,
                                   GapReason::absent_in_source}) {
        report.add_gap({{instant_at(100), instant_at(300)}, reason});
    }
    report.gap_count = 5000;
    RunRecord record = plain_record();
    ASSERT_TRUE(begin(record)->finish(record, {report}));
    const auto run = store_->read("last");
    ASSERT_TRUE(run.has_value()) << run.error().describe();
    EXPECT_EQ(run->traces[0].report(), report);
}

TEST_F(StoreTest, SmallPiecesAreJoinedAsTheyBecomeMany) {
    RunRecord record = plain_record();
    auto writer = begin(record);
    constexpr std::size_t piece = 25;
    constexpr std::size_t total = (3 * block_rows / piece + 1) * piece;
    for (std::size_t at = 0; at < total; at += piece) {
        ASSERT_TRUE(writer->append(0, power_samples(at, piece), {}));
        ASSERT_LE(blocks_in_file(), 3 + 257);
    }
    const auto during = store_->read(record.id);
    ASSERT_TRUE(during.has_value()) << during.error().describe();
    EXPECT_TRUE(same_bits(during->traces[0].fast(), power_samples(0, total)));
    EXPECT_EQ(during->traces[0].report().samples, total);
    ASSERT_TRUE(writer->finish(record, {{}}));
    EXPECT_EQ(blocks_in_file(), 4);
    EXPECT_TRUE(same_bits(store_->read(record.id)->traces[0].fast(), power_samples(0, total)));
}

TEST_F(StoreTest, ALongRunIsReadMergedWithItsEnergyAndReadings) {
    RunRecord record = plain_record();
    auto writer = begin(record);
    constexpr std::size_t total = 100'000;
    ASSERT_TRUE(writer->append(0, power_samples(0, total), slow_samples(0, 2000)));
    ASSERT_TRUE(writer->finish(record, {{}}));
    const auto run = store_->read("last", 1000);
    ASSERT_TRUE(run.has_value()) << run.error().describe();
    const Trace& trace = run->traces[0];
    EXPECT_LE(trace.fast().size(), 1000U);
    EXPECT_LE(trace.slow().size(), 1000U);
    EXPECT_EQ(trace.info().merged, 128U);
    const Columns all = power_samples(0, total);
    EXPECT_EQ(trace.extent()->end, all.time.back());
    EXPECT_NEAR(trapezoid(trace.fast(), Metric::power) / trapezoid(all, Metric::power), 1.0, 1e-9);
    EXPECT_EQ(trace.fast().values(Metric::energy_counter).back(),
              std::as_const(all).values(Metric::energy_counter).back());
}

TEST_F(StoreTest, AnUpdateIsSeenWhileRecording) {
    RunRecord record = plain_record();
    auto writer = begin(record);
    record.marks = {{"decode", {instant_at(1), instant_at(1)}, false}};
    record.tokens = 7;
    record.devices[0].power_limit = 300_W;
    record.devices[0].notes = {"clocks locked"};
    ASSERT_TRUE(writer->update(record));
    record.marks.push_back({"prefill", {instant_at(2), instant_at(3)}, true});
    ASSERT_TRUE(writer->update(record));
    const auto found = store_->find(record.id);
    ASSERT_TRUE(found.has_value());
    expect_same(*found, record);
    EXPECT_EQ(found->state, RunState::recording);
}

TEST_F(StoreTest, AnEmptyIdIsReplacedByAFreshOne) {
    RunRecord first = plain_record();
    RunRecord second = plain_record();
    first.created_unix_ns = second.created_unix_ns = 1'795'198'020'000'000'000;
    const auto writer = begin(first);
    const auto other = begin(second);
    EXPECT_THAT(first.id, ::testing::StartsWith("20261120-"));
    EXPECT_NE(first.id, second.id);
}

TEST_F(StoreTest, ATakenOrImpossibleIdIsRefused) {
    record_run(full_record());
    for (const std::string id : {"20261120-180700-7f3a", "last", "a/b", "a b", "\x1b"}) {
        RunRecord record = plain_record();
        record.id = id;
        const auto writer = store_->begin(record);
        ASSERT_FALSE(writer.has_value()) << id;
        EXPECT_EQ(writer.error().kind, Kind::invalid_argument);
    }
}

TEST_F(StoreTest, RunsAreListedNewestFirstWithWhatTheyTake) {
    const RunRecord old = record_run_at(1'000);
    const RunRecord newest = record_run_at(3'000'000'000'000);
    const RunRecord middle = record_run_at(2'000'000'000'000);
    const auto runs = store_->list();
    ASSERT_TRUE(runs.has_value()) << runs.error().describe();
    ASSERT_EQ(runs->size(), 3U);
    EXPECT_EQ((*runs)[0].record.id, newest.id);
    EXPECT_EQ((*runs)[1].record.id, middle.id);
    EXPECT_EQ((*runs)[2].record.id, old.id);
    EXPECT_EQ((*runs)[0].fast_samples, 10U);
    EXPECT_GT((*runs)[0].bytes, 20U);
    EXPECT_EQ((*runs)[0].record.state, RunState::finished);
}

TEST_F(StoreTest, AnEmptyStoreListsNothingAndSaysSo) {
    EXPECT_TRUE(store_->list()->empty());
    for (const char* name : {"last", "2026", ""}) {
        const auto found = store_->find(name);
        ASSERT_FALSE(found.has_value());
        EXPECT_EQ(found.error().kind, Kind::not_found);
        EXPECT_THAT(found.error().message, HasSubstr("no runs yet"));
    }
}

TEST_F(StoreTest, ARunIsFoundByIdPrefixOrAsTheLast) {
    RunRecord first = full_record();
    first.id = "abc-1";
    RunRecord second = full_record();
    second.id = "abc-12";
    second.created_unix_ns += 1;
    record_run(first, 10);
    record_run(second, 10);
    EXPECT_EQ(store_->find("abc-1")->id, "abc-1"); // whole ids win over prefixes
    EXPECT_EQ(store_->find("abc-12")->id, "abc-12");
    EXPECT_EQ(store_->find("last")->id, "abc-12");
    const auto ambiguous = store_->find("abc");
    ASSERT_FALSE(ambiguous.has_value());
    EXPECT_EQ(ambiguous.error().kind, Kind::invalid_argument);
    EXPECT_THAT(ambiguous.error().message, HasSubstr("abc-12, abc-1"));
    const auto absent = store_->find("b%_\x1b");
    ASSERT_FALSE(absent.has_value());
    EXPECT_EQ(absent.error().kind, Kind::not_found);
    EXPECT_THAT(absent.error().message, HasSubstr("abc-12, abc-1"));
    EXPECT_THAT(absent.error().message, HasSubstr("\\x1b"));
}

TEST_F(StoreTest, ARemovedRunIsGoneAndItsSpaceGivenBack) {
    const RunRecord small = record_run(plain_record(), 10);
    RunRecord big = record_run(plain_record(3), 200'000);
    const auto size = [&] { return std::filesystem::file_size(file_); };
    store_ = open_store(file_);
    const auto before = size();
    ASSERT_TRUE(store_->remove(big.id));
    EXPECT_LT(size(), before / 5);
    EXPECT_EQ(store_->find(big.id).error().kind, Kind::not_found);
    EXPECT_EQ(store_->list()->size(), 1U);
    EXPECT_EQ(store_->read(small.id)->traces[0].fast().size(), 10U);
    EXPECT_EQ(blocks_in_file(), 1);
}

TEST_F(StoreTest, ARunThatIsBeingRecordedIsNotRemoved) {
    RunRecord record = plain_record();
    auto writer = begin(record);
    const auto removed = store_->remove(record.id);
    ASSERT_FALSE(removed.has_value());
    EXPECT_EQ(removed.error().kind, Kind::invalid_argument);
    EXPECT_THAT(removed.error().message, HasSubstr("still being recorded"));
    writer.reset();
    EXPECT_TRUE(store_->remove(record.id));
}

TEST_F(StoreTest, AWriterThatIsDroppedLeavesAnInterruptedRun) {
    RunRecord record = plain_record();
    {
        auto writer = begin(record);
        ASSERT_TRUE(writer->append(0, power_samples(0, 30), {}));
        EXPECT_EQ(store_->find("last")->state, RunState::recording);
    }
    const auto run = store_->read("last");
    ASSERT_TRUE(run.has_value());
    EXPECT_EQ(run->record.state, RunState::interrupted);
    EXPECT_EQ(run->traces[0].fast().size(), 30U);
    EXPECT_EQ(run->traces[0].report().samples, 30U);
}

TEST_F(StoreTest, SamplesThatWouldNotMakeATraceAreRefused) {
    RunRecord record = plain_record();
    auto writer = begin(record);
    ASSERT_TRUE(writer->append(0, power_samples(10, 10), {}));
    Columns uneven = power_samples(100, 10);
    uneven.values(Metric::power).pop_back();
    Columns disordered = power_samples(100, 10);
    std::swap(disordered.time[3], disordered.time[4]);
    for (const Columns& bad : {power_samples(19, 5), power_samples(0, 5), uneven, disordered}) {
        const auto appended = writer->append(0, bad, {});
        ASSERT_FALSE(appended.has_value());
        EXPECT_EQ(appended.error().kind, Kind::invalid_argument);
    }
    EXPECT_EQ(writer->append(1, power_samples(30, 5), {}).error().kind, Kind::invalid_argument);
    // What was refused left nothing behind.
    EXPECT_TRUE(writer->append(0, power_samples(20, 5), {}));
    EXPECT_EQ(store_->read("last")->traces[0].fast().size(), 15U);
}

TEST_F(StoreTest, AFinishedRunTakesNothingMore) {
    RunRecord record = plain_record();
    auto writer = begin(record);
    ASSERT_TRUE(writer->finish(record, {{}}));
    EXPECT_EQ(writer->append(0, power_samples(0, 5), {}).error().kind, Kind::invalid_argument);
    EXPECT_EQ(writer->update(record).error().kind, Kind::invalid_argument);
    EXPECT_EQ(writer->finish(record, {{}}).error().kind, Kind::invalid_argument);
    writer.reset();
    EXPECT_EQ(store_->find("last")->state, RunState::finished);
}

TEST_F(StoreTest, ARecordOfOtherDevicesOrReportsIsRefused) {
    RunRecord record = plain_record(2);
    auto writer = begin(record);
    EXPECT_EQ(writer->update(plain_record(2)).error().kind, Kind::invalid_argument);
    EXPECT_EQ(writer->finish(record, {{}}).error().kind, Kind::invalid_argument);
    record.devices.pop_back();
    EXPECT_EQ(writer->update(record).error().kind, Kind::invalid_argument);
}

TEST_F(StoreTest, ADamagedBlockIsAnErrorOfItsRunAlone) {
    const RunRecord good = record_run(plain_record(), 100);
    const RunRecord bad = record_run(plain_record(), 100);
    {
        auto database = Database::open(file_);
        Transaction tx(**database, Access::write);
        tx.run("UPDATE blocks SET data = CAST(substr(data, 1, 50) || x'00' || substr(data, 52) AS "
               "BLOB) "
               "WHERE block = (SELECT min(block) FROM blocks JOIN devices USING (device) JOIN runs "
               "USING (run) WHERE id = ?)",
               bad.id);
        ASSERT_TRUE(tx.commit());
    }
    const auto read = store_->read(bad.id);
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().kind, Kind::corrupt);
    EXPECT_THAT(read.error().describe(), HasSubstr("runs.db: block"));
    EXPECT_TRUE(store_->read(good.id).has_value());
    EXPECT_EQ(store_->list()->size(), 2U);
    EXPECT_TRUE(store_->remove(bad.id));
}

TEST_F(StoreTest, ValuesThatMakeNoSenseAreCorruptNotACrash) {
    const RunRecord record = record_run(plain_record());
    for (const char* sql : {"UPDATE runs SET state = 'dancing'",
                            "UPDATE runs SET state = 'finished', exit_status = 99999999999",
                            "UPDATE runs SET exit_status = NULL, simulated = 7"}) {
        auto database = Database::open(file_);
        Transaction tx(**database, Access::write);
        tx.run(sql);
        ASSERT_TRUE(tx.commit());
        const auto runs = store_->list();
        ASSERT_FALSE(runs.has_value()) << sql;
        EXPECT_EQ(runs.error().kind, Kind::corrupt);
        EXPECT_EQ(store_->find(record.id).error().kind, Kind::corrupt);
    }
}

TEST_F(StoreTest, AMissingTableIsCorrupt) {
    const RunRecord record = record_run(plain_record());
    ASSERT_TRUE((*Database::open(file_))->execute("DROP TABLE marks"));
    EXPECT_EQ(store_->find(record.id).error().kind, Kind::corrupt);
    EXPECT_EQ(store_->list().error().kind, Kind::corrupt);
}

TEST_F(StoreTest, ANumberThatIsNoneIsRefused) {
    RunRecord record = plain_record();
    record.devices[0].counter = CounterProfile{"field 83", 20_ms, std::nan(""), Source::measured};
    const auto writer = store_->begin(record);
    ASSERT_FALSE(writer.has_value());
    EXPECT_EQ(writer.error().kind, Kind::invalid_argument);
    EXPECT_TRUE(store_->list()->empty());
}

} // namespace
} // namespace joulemark::store
