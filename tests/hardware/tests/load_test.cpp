#include "hardware/load.hpp"

#include <gtest/gtest.h>

namespace joulemark::hardware {
namespace {

// Waits for the end of a child that ends by itself at once.
void finish(Load& load) {
    while (load.running()) {
    }
}

Load shell(const std::string& script) { return std::move(*Load::start({"sh", "-c", script})); }

TEST(LoadGenerator, ItsWindowsAreTakenDown) {
    Load load = shell("echo about bf16 products; echo begin a 1000; echo begin b 1500; echo end a "
                      "3000 2e12; echo end b 4000 0");
    finish(load);
    EXPECT_EQ(load.exit_status(), 0);
    EXPECT_EQ(load.about(), "bf16 products");
    ASSERT_EQ(load.windows().size(), 2U);
    EXPECT_EQ(load.windows()[0].name, "a");
    EXPECT_EQ(load.windows()[0].window.begin, instant_at(1000));
    EXPECT_EQ(load.windows()[0].window.end, instant_at(3000));
    EXPECT_DOUBLE_EQ(load.windows()[0].flop, 2e12);
    EXPECT_EQ(load.windows()[1].name, "b");
}

TEST(LoadGenerator, NonsenseAndUnfinishedWindowsAreLeftOut) {
    Load load = shell("echo begin; echo begin x y; echo end nothing 5; echo begin c 9; echo end c "
                      "3; echo begin d 1; exit 3");
    finish(load);
    EXPECT_EQ(load.exit_status(), 3);
    EXPECT_TRUE(load.windows().empty());
}

TEST(LoadGenerator, AMissingProgramEndsLikeInAShell) {
    Load load = std::move(*Load::start({"/nonexistent/python3"}));
    finish(load);
    EXPECT_EQ(load.exit_status(), 127);
}

TEST(LoadGenerator, AChildThatRunsOnIsEndedWithTheLoad) {
    Load load = shell("exec sleep 1000");
    EXPECT_TRUE(load.running());
}

} // namespace
} // namespace joulemark::hardware
