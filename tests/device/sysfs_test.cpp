#include "device/sysfs.hpp"
#include "fakes/sysfs/sysfs_tree.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sys/stat.h>

namespace joulemark::device {
namespace {

using fakes::SysfsTree;
using fakes::Unprivileged;

TEST(Sysfs, ANumberIsReadWithItsNewline) {
    const SysfsTree tree;
    tree.write("sys/a", "35000000\n");
    EXPECT_EQ(read_number(tree.path("sys/a")), 35000000);
}

TEST(Sysfs, AnOpenFileShowsNewContent) {
    const SysfsTree tree;
    tree.write("sys/a", "1\n");
    const auto file = SysfsFile::open(tree.path("sys/a"));
    ASSERT_TRUE(file);
    EXPECT_EQ(file->read_number(), 1);
    tree.write("sys/a", "2\n");
    EXPECT_EQ(file->read_number(), 2);
}

TEST(Sysfs, ARemovedFileIsGoneAndDoesNotRepeatItsLastValue) {
    const SysfsTree tree;
    tree.write("sys/a", "1\n");
    const auto file = SysfsFile::open(tree.path("sys/a"));
    ASSERT_TRUE(file);
    tree.remove("sys/a");
    const auto value = file->read_number();
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().kind, Kind::not_found);
}

TEST(Sysfs, AMissingFileIsNotFoundAndNamed) {
    const auto value = read_number("/nonexistent/energy_uj");
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().kind, Kind::not_found);
    EXPECT_NE(value.error().message.find("/nonexistent/energy_uj"), std::string::npos);
}

TEST(Sysfs, AnUnreadableFileIsAPermissionProblem) {
    const SysfsTree tree;
    tree.write("sys/a", "1\n");
    tree.forbid("sys/a");
    const Unprivileged ordinary_user;
    const auto value = read_number(tree.path("sys/a"));
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().kind, Kind::permission);
    EXPECT_NE(value.error().message.find("hwmon-and-rapl.md"), std::string::npos);
}

TEST(Sysfs, AFolderInPlaceOfAFileIsAnError) {
    const SysfsTree tree;
    tree.make_folder("sys/a");
    EXPECT_EQ(read_number(tree.path("sys/a")).error().kind, Kind::io);
}

TEST(Sysfs, AFifoInPlaceOfAFileDoesNotBlock) {
    const SysfsTree tree;
    ASSERT_EQ(mkfifo(tree.path("sys/a").c_str(), 0644), 0);
    EXPECT_EQ(read_number(tree.path("sys/a")).error().kind, Kind::io);
}

TEST(Sysfs, WhatIsNotANumberIsShownPrintable) {
    const SysfsTree tree;
    tree.write("sys/a", "\x1b[31mred\n");
    const auto value = read_number(tree.path("sys/a"));
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().kind, Kind::parse);
    EXPECT_EQ(value.error().message.find('\x1b'), std::string::npos);
    EXPECT_NE(value.error().message.find("\\x1b[31mred"), std::string::npos);
}

TEST(Sysfs, EmptyAndOverlongContentIsNotANumber) {
    const SysfsTree tree;
    tree.write("sys/empty", "");
    tree.write("sys/overflow", "99999999999999999999\n");
    tree.write("sys/huge", std::string(1'000'000, '1'));
    EXPECT_EQ(read_number(tree.path("sys/empty")).error().kind, Kind::parse);
    EXPECT_EQ(read_number(tree.path("sys/overflow")).error().kind, Kind::parse);
    EXPECT_EQ(read_number(tree.path("sys/huge")).error().kind, Kind::parse);
    EXPECT_EQ(read_text(tree.path("sys/huge")).error().kind, Kind::parse);
}

TEST(Sysfs, TextIsTheFirstLineTrimmed) {
    const SysfsTree tree;
    tree.write("sys/a", "  amdgpu \nsecond\n");
    EXPECT_EQ(read_text(tree.path("sys/a")), "amdgpu");
    tree.write("sys/b", "\n");
    EXPECT_EQ(text_at(tree.path("sys/b")), std::nullopt);
}

TEST(Sysfs, EntriesAreSortedAndAbsentFoldersAreEmpty) {
    const SysfsTree tree;
    tree.write("sys/d/b", "");
    tree.write("sys/d/a", "");
    EXPECT_EQ(entries_of(tree.path("sys/d")), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(entries_of(tree.path("sys/none")).empty());
    EXPECT_TRUE(entries_of(tree.path("sys/d/a")).empty());
}

TEST(Sysfs, EveryNumberComesBackAndNothingElseDoes) {
    const SysfsTree tree;
    EXPECT_TRUE(rc::check([&](std::int64_t number, const std::string& junk) {
        tree.write("sys/a", std::to_string(number) + "\n");
        RC_ASSERT(read_number(tree.path("sys/a")) == number);
        tree.write("sys/a", "x" + junk);
        RC_ASSERT(!read_number(tree.path("sys/a")).has_value());
    }));
}

} // namespace
} // namespace joulemark::device
