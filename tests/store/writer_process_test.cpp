#include "store/surroundings.hpp"
#include "store/writer_process.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace joulemark::store {
namespace {

constexpr Instant now = instant_at(1'000'000'000'000);

TEST(WriterProcess, ThisOneIsThere) {
    const WriterProcess self = this_process(now);
    EXPECT_EQ(self.pid, ::getpid());
    EXPECT_GT(self.started, 0);
    EXPECT_EQ(self.boot.size(), 36U);
    EXPECT_GT(self.pid_namespace, 0);
    EXPECT_FALSE(is_gone(self, self));
}

TEST(WriterProcess, OneThatHasEndedIsGone) {
    WriterProcess writer = this_process(now);
    writer.pid = test::start_child([] { return 0; });
    test::wait_for(static_cast<pid_t>(writer.pid));
    EXPECT_TRUE(is_gone(writer, this_process(now)));
}

TEST(WriterProcess, ItsNumberGivenToAnotherIsNotIt) {
    WriterProcess writer = this_process(now);
    writer.started -= 1;
    EXPECT_TRUE(is_gone(writer, this_process(now)));
}

TEST(WriterProcess, NoneSurvivesABoot) {
    WriterProcess writer = this_process(now);
    writer.boot = "00000000-0000-0000-0000-000000000000";
    EXPECT_TRUE(is_gone(writer, this_process(now)));
}

TEST(WriterProcess, ImpossibleNumbersAreGone) {
    for (const std::int64_t pid : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 40}) {
        WriterProcess writer = this_process(now);
        writer.pid = pid;
        EXPECT_TRUE(is_gone(writer, this_process(now))) << pid;
    }
}

TEST(WriterProcess, OneInAnotherContainerIsBelievedWhileItGivesSignsOfLife) {
    WriterProcess writer = this_process(now);
    writer.pid_namespace += 1;
    writer.started = 1;
    EXPECT_FALSE(is_gone(writer, this_process(now + sign_of_life_patience)));
    EXPECT_TRUE(is_gone(writer, this_process(now + sign_of_life_patience + Nanoseconds{1})));
}

} // namespace
} // namespace joulemark::store
