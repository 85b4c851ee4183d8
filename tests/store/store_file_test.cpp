#include "store/columns.hpp"
#include "store/schema.hpp"
#include "store/store_file.hpp"
#include "store/surroundings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

namespace joulemark::store {
namespace {

using namespace test;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr uid_t nobody = 65534;

mode_t mode_of(const fs::path& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

class StoreFileTest : public ::testing::Test {
protected:
    // A closed store with one run of so many samples.
    void make_store(std::size_t samples = 1000) {
        const auto store = open_store(file_);
        RunRecord record = plain_record();
        auto writer = store->begin(record);
        ASSERT_TRUE(writer.has_value());
        ASSERT_TRUE((*writer)->append(0, power_samples(0, samples), {}));
        ASSERT_TRUE((*writer)->finish(record, {{}}));
    }

    // Opening fails with this kind and these words, and leaves the file as it was.
    void expect_refused(Kind kind, const std::string& words) {
        const std::string before = contents(file_);
        const auto store = Store::open(file_);
        ASSERT_FALSE(store.has_value());
        EXPECT_EQ(store.error().kind, kind) << store.error().describe();
        EXPECT_THAT(store.error().message, HasSubstr(words));
        EXPECT_THAT(store.error().context, HasSubstr("runs.db"));
        EXPECT_EQ(contents(file_), before);
    }

    void execute(const char* sql) {
        auto database = Database::open(file_);
        ASSERT_TRUE(database.has_value()) << database.error().describe();
        ASSERT_TRUE((*database)->execute(sql));
    }

    TemporaryFolder folder_;
    std::string file_ = folder_.file("runs.db");
};

TEST_F(StoreFileTest, FileAndFoldersAreMadeForTheirOwnerAlone) {
    const fs::path file = folder_.path() / "a" / "b" / "runs.db";
    const auto store = open_store(file);
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(store->path(), file);
    EXPECT_EQ(mode_of(folder_.path() / "a"), 0700U);
    EXPECT_EQ(mode_of(folder_.path() / "a" / "b"), 0700U);
    EXPECT_EQ(mode_of(file), 0600U);
    RunRecord record = plain_record();
    const auto writer = store->begin(record);
    EXPECT_EQ(mode_of(file.string() + "-wal"), 0600U);
}

TEST_F(StoreFileTest, ARelativeNameIsOfTheFolderAtThatTime) {
    const fs::path before = fs::current_path();
    fs::current_path(folder_.path());
    const auto store = open_store("runs.db");
    fs::current_path(before);
    ASSERT_NE(store, nullptr);
    RunRecord record = plain_record();
    EXPECT_TRUE(store->begin(record).has_value());
    EXPECT_TRUE(fs::exists(file_));
}

TEST_F(StoreFileTest, AnEmptyFileBecomesAStore) {
    std::ofstream{file_};
    EXPECT_TRUE(open_store(file_)->list()->empty());
}

TEST_F(StoreFileTest, NoNameIsRefused) {
    EXPECT_EQ(Store::open("").error().kind, Kind::invalid_argument);
}

TEST_F(StoreFileTest, SpecialNamesOfSqliteAreFiles) {
    const fs::path before = fs::current_path();
    fs::current_path(folder_.path());
    EXPECT_TRUE(Store::open(":memory:").has_value());
    EXPECT_TRUE(Store::open("file:x?mode=ro").has_value());
    fs::current_path(before);
    EXPECT_TRUE(fs::exists(folder_.path() / ":memory:"));
    EXPECT_TRUE(fs::exists(folder_.path() / "file:x?mode=ro"));
}

TEST_F(StoreFileTest, AFolderIsNoStore) {
    fs::create_directory(file_);
    const auto store = Store::open(file_);
    ASSERT_FALSE(store.has_value());
    EXPECT_EQ(store.error().kind, Kind::invalid_argument);
}

TEST_F(StoreFileTest, AFileInTheWayOfAFolderIsNamed) {
    std::ofstream{file_} << "x";
    const auto store = Store::open(file_ + "/deeper/runs.db");
    ASSERT_FALSE(store.has_value());
    EXPECT_EQ(store.error().kind, Kind::invalid_argument) << store.error().describe();
}

TEST_F(StoreFileTest, ATextFileIsRefusedAndKept) {
    std::ofstream{file_} << "timestamp, power.draw [W]\n" << std::string(5000, 'x');
    expect_refused(Kind::invalid_argument, "not a joulemark store");
}

TEST_F(StoreFileTest, AShortFileIsRefusedAndKept) {
    std::ofstream{file_} << "x";
    expect_refused(Kind::invalid_argument, "not a joulemark store");
}

TEST_F(StoreFileTest, ADatabaseOfAnotherProgramIsRefusedAndKept) {
    std::ofstream{file_};
    execute("CREATE TABLE bookmarks(url TEXT)");
    expect_refused(Kind::invalid_argument, "another program");
}

TEST_F(StoreFileTest, AStoreOfANewerVersionIsRefusedAndKept) {
    make_store();
    execute("PRAGMA user_version = 99");
    expect_refused(Kind::invalid_argument, "newer joulemark");
}

TEST_F(StoreFileTest, AStoreWithoutVersionIsCorrupt) {
    make_store();
    execute("PRAGMA user_version = 0");
    expect_refused(Kind::corrupt, "damaged");
}

TEST_F(StoreFileTest, ATruncatedStoreIsCorruptAndKept) {
    make_store(50'000);
    const auto size = fs::file_size(file_);
    for (const auto part : {size / 2, size - 4096, std::uintmax_t{4096}, std::uintmax_t{700}}) {
        const std::string whole = contents(file_);
        fs::resize_file(file_, part);
        expect_refused(Kind::corrupt, "damaged");
        std::ofstream(file_, std::ios::binary) << whole;
    }
    EXPECT_EQ(open_store(file_)->list()->size(), 1U);
}

TEST_F(StoreFileTest, GarbageInsideIsAnErrorWhereItIsMet) {
    make_store(50'000);
    std::string bytes = contents(file_);
    std::fill(bytes.begin() + 4096, bytes.end(), '\xA5');
    std::ofstream(file_, std::ios::binary) << bytes;
    const auto store = Store::open(file_);
    const auto kind = store ? (*store)->list().error().kind : store.error().kind;
    EXPECT_EQ(kind, Kind::corrupt);
}

// As another user, because root may write everywhere.
TEST_F(StoreFileTest, WhatCannotBeWrittenIsAQuestionOfPermission) {
    make_store();
    const fs::path closed = folder_.path() / "closed";
    fs::create_directory(closed);
    fs::copy_file(file_, closed / "runs.db");
    fs::permissions(folder_.path(), fs::perms(0755));
    fs::permissions(closed / "runs.db", fs::perms(0666));
    fs::permissions(closed, fs::perms(0555));
    fs::permissions(file_, fs::perms(0444));
    const pid_t child = start_child([&] {
        if (::geteuid() == 0 && ::setuid(nobody) != 0) {
            return 1;
        }
        const auto is_permission = [](const std::string& file) {
            const auto store = Store::open(file);
            return !store && store.error().kind == Kind::permission;
        };
        if (!is_permission(file_)) { // the file
            return 2;
        }
        if (!is_permission(closed / "runs.db")) { // its folder, where the log would be
            return 3;
        }
        if (!is_permission(closed / "new.db")) {
            return 4;
        }
        return is_permission(closed / "deeper" / "new.db") ? 0 : 5;
    });
    EXPECT_EQ(wait_for(child), 0);
    fs::permissions(closed, fs::perms(0755));
}

TEST_F(StoreFileTest, ManyCanMakeTheSameStoreAtOnce) {
    for (int round = 0; round < 5; ++round) {
        const std::string file = folder_.file("new" + std::to_string(round) + ".db");
        std::vector<std::string> errors(4);
        {
            std::vector<std::jthread> threads;
            for (std::string& error : errors) {
                threads.emplace_back([&] {
                    const auto store = Store::open(file);
                    error = store ? "" : store.error().describe();
                });
            }
        }
        for (const std::string& error : errors) {
            EXPECT_EQ(error, "");
        }
    }
}

TEST_F(StoreFileTest, TheDefaultPlaceFollowsTheXdgRules) {
    ::setenv("HOME", "/home/jo", 1);
    ::unsetenv("XDG_DATA_HOME");
    EXPECT_EQ(default_path(), "/home/jo/.local/share/joulemark/runs.db");
    ::setenv("XDG_DATA_HOME", "/data", 1);
    EXPECT_EQ(default_path(), "/data/joulemark/runs.db");
    ::setenv("XDG_DATA_HOME", "not/absolute", 1);
    EXPECT_EQ(default_path(), "/home/jo/.local/share/joulemark/runs.db");
    ::unsetenv("XDG_DATA_HOME");
    ::unsetenv("HOME");
    EXPECT_EQ(default_path().error().kind, Kind::invalid_argument);
}

TEST_F(StoreFileTest, AnOlderStoreIsMigratedInOneStep) {
    make_store();
    const std::array scripts{
        migrations()[0], "ALTER TABLE runs ADD COLUMN mood TEXT", "UPDATE runs SET mood = 'calm'"};
    auto database = Database::open(file_);
    ASSERT_TRUE(ensure_schema(**database, scripts));
    Transaction tx(**database, Access::read);
    std::string mood;
    std::int64_t version = 0;
    EXPECT_TRUE(tx.query("SELECT mood FROM runs").next(mood));
    EXPECT_TRUE(tx.query("PRAGMA user_version").next(version));
    EXPECT_EQ(mood, "calm");
    EXPECT_EQ(version, 3);
}

TEST_F(StoreFileTest, AMigrationThatFailsChangesNothing) {
    make_store();
    const std::array scripts{migrations()[0],
                             "ALTER TABLE runs ADD COLUMN mood TEXT; UPDATE nothing SET x = 1"};
    auto database = Database::open(file_);
    EXPECT_FALSE(ensure_schema(**database, scripts).has_value());
    EXPECT_TRUE(ensure_schema(**database));
    EXPECT_EQ(open_store(file_)->list()->size(), 1U);
}

TEST_F(StoreFileTest, EveryTableAndColumnIsInTheReference) {
    make_store();
    const std::string reference = contents(JOULEMARK_SOURCE_DIR "/docs/reference/store.md");
    auto database = Database::open(file_);
    Transaction tx(**database, Access::read);
    std::string table;
    std::string column;
    std::size_t columns = 0;
    std::vector<std::string> absent;
    for (Rows rows = tx.query(
             "SELECT m.name, c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c "
             "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'");
         rows.next(table, column);) {
        ++columns;
        const auto section = reference.find("### `" + table + "`");
        const auto next_section = reference.find("\n### ", section);
        if (section == std::string::npos ||
            reference.substr(section, next_section - section).find("`" + column + "`") ==
                std::string::npos) {
            absent.push_back(table + "." + column);
        }
    }
    EXPECT_THAT(absent, ::testing::IsEmpty());
    EXPECT_GT(columns, 80U);
}

} // namespace
} // namespace joulemark::store
