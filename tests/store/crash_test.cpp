// Several users of one file: processes that are killed, writers at once, readers beside a writer.
#include "store/columns.hpp"
#include "store/store.hpp"
#include "store/surroundings.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <thread>

namespace joulemark::store {
namespace {

using namespace test;

// What one drain of a 100 Hz recording brings.
constexpr std::size_t piece = 25;

// Records pieces of a run until `enough` says so; false on an error.
template <class Enough>
bool record_pieces(const std::string& file, const std::string& id, Enough enough) {
    auto store = Store::open(file);
    if (!store) {
        return false;
    }
    RunRecord record = plain_record();
    record.id = id;
    auto writer = (*store)->begin(record);
    if (!writer) {
        return false;
    }
    for (std::size_t at = 0; !enough(at); at += piece) {
        if (!(*writer)->append(0, power_samples(at, piece), slow_samples(at / piece, 1))) {
            return false;
        }
    }
    return (*writer)->finish(record, {{}}).has_value();
}

class SharedFileTest : public ::testing::Test {
protected:
    void expect_complete(const std::string& id, std::size_t samples) {
        const auto run = open_store(file_)->read(id);
        ASSERT_TRUE(run.has_value()) << run.error().describe();
        EXPECT_EQ(run->record.state, RunState::finished);
        EXPECT_TRUE(same_bits(run->traces[0].fast(), power_samples(0, samples)));
    }

    TemporaryFolder folder_;
    std::string file_ = folder_.file("runs.db");
};

TEST_F(SharedFileTest, AfterAKillEverythingCommittedIsThereAndTheRunIsInterrupted) {
    std::array<int, 2> acknowledged{};
    ASSERT_EQ(::pipe(acknowledged.data()), 0);
    const pid_t child = start_child([&] {
        record_pieces(file_, "killed", [&](std::size_t at) {
            const char done = 'x';
            return at > 0 && ::write(acknowledged[1], &done, 1) != 1;
        });
        return 1;
    });
    ::close(acknowledged[1]);
    std::size_t pieces = 0;
    for (char done = 0; pieces < 500 && ::read(acknowledged[0], &done, 1) == 1;) {
        ++pieces;
    }
    const auto store = open_store(file_);
    EXPECT_EQ(store->find("last")->state, RunState::recording);
    ::kill(child, SIGKILL);
    EXPECT_EQ(wait_for(child), 128 + SIGKILL);
    for (char done = 0; ::read(acknowledged[0], &done, 1) == 1;) {
        ++pieces;
    }
    ::close(acknowledged[0]);
    ASSERT_GE(pieces, 500U);

    const auto run = store->read("last");
    ASSERT_TRUE(run.has_value()) << run.error().describe();
    EXPECT_EQ(run->record.state, RunState::interrupted);
    const Columns& fast = run->traces[0].fast();
    // All that was acknowledged, and at most the piece that was committed but not acknowledged any
    // more.
    EXPECT_GE(fast.size(), pieces * piece);
    EXPECT_LE(fast.size(), (pieces + 1) * piece);
    EXPECT_TRUE(same_bits(fast, power_samples(0, fast.size())));
    EXPECT_EQ(store->list()->front().record.state, RunState::interrupted);
    // It has been written down, too, for those who look without this program.
    EXPECT_TRUE(store->remove("last"));
}

TEST_F(SharedFileTest, AZombieIsRecordingNoMore) {
    const pid_t child = start_child([&] {
        auto store = Store::open(file_);
        RunRecord record = plain_record();
        auto writer = (*store)->begin(record);
        return ::kill(::getpid(), SIGKILL);
    });
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
    EXPECT_EQ(open_store(file_)->find("last")->state, RunState::interrupted);
    wait_for(child);
}

TEST_F(SharedFileTest, TwoThreadsWithStoresOfTheirOwnBothComplete) {
    constexpr std::size_t samples = 200 * piece;
    const auto record = [&](const std::string& id) {
        EXPECT_TRUE(record_pieces(file_, id, [](std::size_t at) { return at == samples; }));
    };
    {
        const std::jthread one(record, "one");
        const std::jthread two(record, "two");
    }
    expect_complete("one", samples);
    expect_complete("two", samples);
}

TEST_F(SharedFileTest, TwoProcessesBothComplete) {
    constexpr std::size_t samples = 200 * piece;
    const auto record = [&](const std::string& id) {
        return start_child([&, id] {
            return record_pieces(file_, id, [](std::size_t at) { return at == samples; }) ? 0 : 1;
        });
    };
    const pid_t one = record("one");
    const pid_t two = record("two");
    EXPECT_EQ(wait_for(one), 0);
    EXPECT_EQ(wait_for(two), 0);
    expect_complete("one", samples);
    expect_complete("two", samples);
}

TEST_F(SharedFileTest, AReaderSeesWholePiecesWhileTheyAreWritten) {
    ASSERT_NE(open_store(file_), nullptr);
    constexpr std::size_t samples = 400 * piece;
    std::atomic<bool> begun = false;
    std::atomic<bool> done = false;
    std::jthread writer([&] {
        EXPECT_TRUE(record_pieces(file_, "watched", [&](std::size_t at) {
            begun = true;
            begun.notify_one();
            return at == samples;
        }));
        done = true;
    });
    begun.wait(false);
    const auto store = open_store(file_);
    std::size_t seen = 0;
    for (bool last_look = false; !last_look;) {
        last_look = done;
        const auto run = store->read("watched");
        ASSERT_TRUE(run.has_value()) << run.error().describe();
        const Columns& fast = run->traces[0].fast();
        ASSERT_EQ(fast.size() % piece, 0U);
        ASSERT_GE(fast.size(), seen);
        ASSERT_TRUE(same_bits(fast, power_samples(0, fast.size())));
        seen = fast.size();
    }
    EXPECT_EQ(seen, samples);
}

} // namespace
} // namespace joulemark::store
