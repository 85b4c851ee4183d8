// The sampling loop must not allocate: an allocator's lock or a page fault would show as lateness.
#include "sampler/recorder.hpp"
#include "sampler/scripted_device.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t allocations = 0;

void* counted(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size)) {
        return memory;
    }
    throw std::bad_alloc();
}

} // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace joulemark::sampler {
namespace {

using namespace std::chrono_literals;

TEST(SamplingLoop, DoesNotAllocate) {
    ManualClock clock;
    clock.set_auto_advance(true);
    std::stop_source stop;
    int calls = 0;
    std::size_t before = 0;
    std::size_t after = 0;
    auto device = std::make_unique<testing::ScriptedDevice>(clock);
    device->latency = 1ms;
    device->on_fast = [&](device::FastReading reading) {
        ++calls;
        reading.power = 100_W;
        if (calls == 10) {
            before = allocations;
        }
        if (calls == 500) {
            clock.advance(100ms); // a gap on the way
        }
        if (calls == 1000) {
            after = allocations;
            stop.request_stop();
        }
        return reading;
    };
    Options options;
    options.interval = 10ms;
    options.slow_interval = 50ms;
    options.adaptive = true;
    Recorder recorder(std::move(device), options, Grid{clock.now(), options.interval}, clock);
    ASSERT_GT(allocations, 0U);
    recorder.record(stop.get_token());
    EXPECT_EQ(after - before, 0U);
    EXPECT_GE(recorder.report().samples, 1000U);
}

} // namespace
} // namespace joulemark::sampler
