#include "store/columns.hpp"
#include "store/run_writer.hpp"
#include "store/store_file.hpp"
#include "store/surroundings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>

namespace joulemark::store {
namespace {

using namespace test;

constexpr std::size_t piece = 1000;

// Appends until the store takes no more; how many samples it took, or nothing when the end was not
// as it should be.
std::optional<std::size_t> fill(RunWriter& writer) {
    for (std::size_t at = 0; at < 10'000'000; at += piece) {
        const auto appended = writer.append(0, power_samples(at, piece), {});
        if (!appended) {
            const bool said_so =
                appended.error().kind == Kind::io &&
                appended.error().message.find("store is full") != std::string::npos;
            return said_so ? std::optional(at) : std::nullopt;
        }
    }
    return std::nullopt;
}

bool holds(Store& store, std::size_t samples) {
    const auto run = store.read("last");
    return run && same_bits(run->traces[0].fast(), power_samples(0, samples));
}

// Steps of the scenario, as the exit status of the child that plays it.
enum Outcome {
    good,
    cannot_set_up,
    cannot_open,
    cannot_begin,
    wrong_end,
    lost_while_open,
    lost_after,
    not_usable_again
};

// Fills a store, looks at it through the same program, then as one that comes later.
Outcome fill_and_look(const std::string& file) {
    std::size_t taken = 0;
    {
        auto store = Store::open(file);
        if (!store) {
            return cannot_open;
        }
        RunRecord record = plain_record();
        auto writer = (*store)->begin(record);
        if (!writer) {
            return cannot_begin;
        }
        const auto filled = fill(**writer);
        if (!filled || *filled < piece) {
            return wrong_end;
        }
        taken = *filled;
        if (!holds(**store, taken)) {
            return lost_while_open;
        }
    }
    auto later = Store::open(file);
    if (!later || !holds(**later, taken)) {
        return lost_after;
    }
    return good;
}

TEST(FullDisk, APageLimitIsAFullStoreThatKeepsWhatItHas) {
    const TemporaryFolder folder;
    const std::string file = folder.file("runs.db");
    const auto store = open_store(file);
    auto database = open_store_file(file);
    ASSERT_TRUE(database.has_value());
    ASSERT_TRUE((*database)->execute("PRAGMA max_page_count = 100"));
    RunRecord record = plain_record();
    auto writer = SqliteRunWriter::begin(std::move(*database), record);
    ASSERT_TRUE(writer.has_value());
    const auto taken = fill(**writer);
    ASSERT_TRUE(taken.has_value());
    EXPECT_GT(*taken, 10 * piece);
    EXPECT_TRUE(holds(*store, *taken));
    // And again: the failure left the writer usable.
    EXPECT_FALSE((*writer)->append(0, power_samples(*taken, 100'000), {}).has_value());
    EXPECT_TRUE(holds(*store, *taken));
    writer->reset();
    EXPECT_TRUE(holds(*store, *taken));
    EXPECT_EQ(store->find("last")->state, RunState::interrupted);
}

TEST(FullDisk, AFileSizeLimitIsAFullStoreAndNotTheEndOfTheProcess) {
    const TemporaryFolder folder;
    const std::string file = folder.file("runs.db");
    const pid_t child = start_child([&] {
        std::signal(SIGXFSZ, SIG_DFL);
        const rlimit limit{300'000, 300'000};
        return ::setrlimit(RLIMIT_FSIZE, &limit) == 0 ? fill_and_look(file) : cannot_set_up;
    });
    EXPECT_EQ(wait_for(child), good);
    const auto store = open_store(file);
    EXPECT_EQ(store->find("last")->state, RunState::interrupted);
    EXPECT_GT(store->read("last")->traces[0].fast().size(), piece);
}

TEST(FullDisk, ARealFullDiskKeepsWhatWasStored) {
    const TemporaryFolder folder;
    const pid_t child = start_child([&]() -> int {
        // A disk of 1 MB that this process alone sees.
        if (::unshare(CLONE_NEWNS) != 0 ||
            ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("none", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
            return cannot_set_up;
        }
        const int outcome =
            wait_for(start_child([&] { return fill_and_look(folder.file("runs.db")); }));
        if (outcome != good) {
            return outcome;
        }
        // With room again it goes on.
        if (::mount("none", folder.path().c_str(), "tmpfs", MS_REMOUNT, "size=4m") != 0) {
            return cannot_set_up;
        }
        const auto store = Store::open(folder.file("runs.db"));
        RunRecord record = plain_record();
        if (!store || !(*store)->remove("last") || !(*store)->begin(record)) {
            return not_usable_again;
        }
        return good;
    });
    const int outcome = wait_for(child);
    if (outcome == cannot_set_up) {
        GTEST_SKIP() << "mounting a small disk needs root";
    }
    EXPECT_EQ(outcome, good);
}

TEST(FullDisk, TheSignalIsLeftAsItWas) {
    sigset_t before{};
    sigset_t after{};
    sigset_t inside{};
    pthread_sigmask(SIG_BLOCK, nullptr, &before);
    {
        const FileSizeSignalBlock outer;
        const FileSizeSignalBlock inner;
        pthread_sigmask(SIG_BLOCK, nullptr, &inside);
        ::raise(SIGXFSZ);
    }
    pthread_sigmask(SIG_BLOCK, nullptr, &after);
    EXPECT_EQ(sigismember(&before, SIGXFSZ), 0);
    EXPECT_EQ(sigismember(&inside, SIGXFSZ), 1);
    EXPECT_EQ(sigismember(&after, SIGXFSZ), 0);
}

} // namespace
} // namespace joulemark::store
