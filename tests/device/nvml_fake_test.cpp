// The fake library is a tool of many tests, so it is tested itself.
#include "device/nvml_fake.hpp"
#include "device/nvml_fields.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace joulemark::device {
namespace {

using testing::HasSubstr;

// Script and complaint, through the C interface.
std::string complaint_about(const char* script) {
    FakeNvml fake;
    void* object = dlopen(JOULEMARK_FAKE_NVML, RTLD_NOW | RTLD_LOCAL);
    auto* apply = reinterpret_cast<decltype(&fake_nvml_apply)>(dlsym(object, "fake_nvml_apply"));
    std::array<char, 300> error{};
    const int refused = apply(script, error.data(), error.size());
    dlclose(object);
    return refused == 0 ? "" : error.data();
}

TEST(FakeNvmlScript, SaysWhichLineItDoesNotUnderstand) {
    EXPECT_EQ(complaint_about("gpu h200\n\n# a comment\npower constant 100 # so\n"), "");
    EXPECT_THAT(complaint_about("gpu h200\npower constant lots"), HasSubstr("line 2"));
    EXPECT_THAT(complaint_about("power constant 100"), HasSubstr("none was named before"));
    EXPECT_THAT(complaint_about("gpu voodoo2"), HasSubstr("line 1"));
    EXPECT_THAT(complaint_about("juggle 3"), HasSubstr("there is no statement 'juggle'"));
    EXPECT_THAT(complaint_about("gpu h200\npower constant 100 extra"), HasSubstr("line 2"));
    EXPECT_THAT(complaint_about("fail nvmlDeviceGetNothing 3"), HasSubstr("line 1"));
    EXPECT_THAT(complaint_about("on 3"), HasSubstr("line 1"));
    EXPECT_THAT(complaint_about("gpu h200\ninstant 0ms 1s"), HasSubstr("line 2"));
}

struct Opened {
    std::shared_ptr<const nvml::Library> library;
    nvml::Handle handle = nullptr;

    [[nodiscard]] nvml::FieldValue field(std::uint32_t id) const {
        return nvml::ask_one(library->call(), handle, id);
    }
    [[nodiscard]] std::uint64_t value(std::uint32_t id) const {
        return nvml::unsigned_value(field(id)).value_or(0);
    }
};

Opened open_first(const FakeNvml& fake) {
    Opened opened{.library = *nvml::Library::start(fake.without({}))};
    EXPECT_EQ(opened.library->call().handle_by_index(0, &opened.handle), nvml::Return::success);
    return opened;
}

TEST(FakeNvml, RegistersShowTheMeanOfTheirWindowSinceTheirLastRefresh) {
    FakeNvml fake("gpu h200\npower square 100 500 1s 0.5\ninstant 100ms 25ms\naverage 100ms 1s");
    const Opened gpu = open_first(fake);
    fake.clock.advance(milliseconds{2499}); // last refresh at 2.4 s, high
    EXPECT_EQ(gpu.value(186), 500'000U);
    fake.clock.advance(milliseconds{101}); // refreshed at 2.6 s, low
    EXPECT_EQ(gpu.value(186), 100'000U);
    EXPECT_EQ(gpu.value(185), 300'000U);
}

TEST(FakeNvml, TheCounterIsTheIntegralLatchedAtItsTick) {
    FakeNvml fake("gpu h200\npower ramp 0 1000 10s\ncounter 100ms 0");
    const Opened gpu = open_first(fake);
    fake.clock.advance(milliseconds{10'050}); // the integral to 10 s is 5000 J; the rest waits
    EXPECT_EQ(gpu.value(83), 5'000'000U);
    fake.clock.advance(milliseconds{50});
    EXPECT_EQ(gpu.value(83), 5'100'000U);
}

TEST(FakeNvml, PowerMayChangeOnTheWayWithoutAJumpOfTheCounter) {
    FakeNvml fake("gpu h200\npower constant 100\ncounter 100ms 0");
    const Opened gpu = open_first(fake);
    fake.clock.advance(seconds{1});
    fake.script("on 0\npower constant 300");
    EXPECT_EQ(gpu.value(83), 100'000U);
    fake.clock.advance(seconds{1});
    EXPECT_EQ(gpu.value(83), 400'000U);
    EXPECT_EQ(gpu.value(186), 300'000U);
}

TEST(FakeNvml, FailuresAreServedInTheirOrderAndNumber) {
    FakeNvml fake(
        "gpu h200\nfail nvmlDeviceGetFieldValues 10 2\nfail nvmlDeviceGetFieldValues 15 1");
    const Opened gpu = open_first(fake);
    EXPECT_EQ(gpu.field(186).status, nvml::Return::timeout);
    EXPECT_EQ(gpu.field(186).status, nvml::Return::timeout);
    EXPECT_EQ(gpu.field(186).status, nvml::Return::gpu_is_lost);
    EXPECT_EQ(gpu.field(186).status, nvml::Return::success);
    EXPECT_EQ(fake.calls("nvmlDeviceGetFieldValues"), 4U);
}

TEST(FakeNvml, AGpuMayBeLostForAWhile) {
    FakeNvml fake("gpu h200\nlost 2s 3s");
    const Opened gpu = open_first(fake);
    EXPECT_EQ(gpu.field(186).status, nvml::Return::success);
    fake.clock.advance(milliseconds{2500});
    EXPECT_EQ(gpu.field(186).status, nvml::Return::gpu_is_lost);
    fake.clock.advance(seconds{1});
    EXPECT_EQ(gpu.field(186).status, nvml::Return::success);
}

TEST(FakeNvml, AGpuThatCameBackHasAnotherHandle) {
    FakeNvml fake("gpu h200");
    const Opened gpu = open_first(fake);
    fake.script("on 0\nlost");
    fake.script("on 0\nback");
    EXPECT_EQ(gpu.field(186).status, nvml::Return::gpu_is_lost);
    nvml::Handle fresh = nullptr;
    EXPECT_EQ(gpu.library->call().handle_by_index(0, &fresh), nvml::Return::success);
    EXPECT_NE(fresh, gpu.handle);
}

TEST(FakeNvml, NothingAnswersBeforeInit) {
    FakeNvml fake("gpu h200");
    const auto functions = nvml::resolve(fake.without({}));
    std::uint32_t count = 0;
    EXPECT_EQ(functions->device_count(&count), nvml::Return::uninitialized);
    std::array<char, 80> version{};
    EXPECT_EQ(functions->nvml_version(version.data(), version.size()), nvml::Return::success);
}

// The mean power over any stretch between ticks is what the counter gained, for every load shape.
RC_GTEST_PROP(FakeNvmlProperty, CounterAndLongWindowAgree, ()) {
    const int low = *rc::gen::inRange(0, 500);
    const int high = *rc::gen::inRange(0, 1000);
    const int period_ms = *rc::gen::inRange(1, 3000);
    const int window_ticks = *rc::gen::inRange(1, 30);
    FakeNvml fake("gpu h200\npower square " + std::to_string(low) + " " + std::to_string(high) +
                  " " + std::to_string(period_ms) + "ms 0.3\ncounter 100ms 10\ninstant 100ms " +
                  std::to_string(window_ticks * 100) + "ms");
    const Opened gpu = open_first(fake);
    fake.clock.advance(seconds{*rc::gen::inRange(4, 9)});
    const std::uint64_t before = gpu.value(83);
    fake.clock.advance(milliseconds{window_ticks * 100});
    const double joules = static_cast<double>(gpu.value(83) - before) * 1e-3;
    const double watts = static_cast<double>(gpu.value(186)) * 1e-3;
    RC_ASSERT(std::abs(joules - watts * window_ticks * 0.1) < 0.01);
}

} // namespace
} // namespace joulemark::device
