// The fake libnvidia-ml.so.1 on a manual clock, for one test: scripted, opened through the real
// loader or with some of its symbols hidden. Calls take no time unless the script says so, and then
// the clock moves.
#pragma once

#include "core/clock.hpp"
#include "device/nvml_backend.hpp"
#include "device/nvml_device.hpp"
#include "fakes/nvml/fake_nvml_control.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace joulemark::device {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

class FakeNvml {
public:
    explicit FakeNvml(std::string_view first_script = "")
        : object_(dlopen(JOULEMARK_FAKE_NVML, RTLD_NOW | RTLD_LOCAL), &dlclose) {
        control<decltype(fake_nvml_reset)>("fake_nvml_reset")();
        const FakeNvmlClock time_line{
            .context = this,
            .monotonic_ns = [](void* self) { return count_ns(of(self).clock.now()); },
            .unix_ns = [](void* self) { return of(self).clock.unix_ns(); },
            .spend = [](void* self, std::int64_t ns) { of(self).clock.advance(Nanoseconds{ns}); }};
        control<decltype(fake_nvml_use_clock)>("fake_nvml_use_clock")(&time_line);
        script(first_script);
    }
    ~FakeNvml() { control<decltype(fake_nvml_reset)>("fake_nvml_reset")(); }
    FakeNvml(const FakeNvml&) = delete;
    FakeNvml& operator=(const FakeNvml&) = delete;

    void script(std::string_view text) {
        std::array<char, 300> error{};
        const int refused = control<decltype(fake_nvml_apply)>("fake_nvml_apply")(
            std::string(text).c_str(), error.data(), error.size());
        ASSERT_EQ(refused, 0) << error.data();
    }

    [[nodiscard]] std::uint64_t calls(const char* function) const {
        return control<decltype(fake_nvml_calls)>("fake_nvml_calls")(function);
    }
    [[nodiscard]] int references() const {
        return control<decltype(fake_nvml_references)>("fake_nvml_references")();
    }

    // What the loader finds, except for `hidden`.
    [[nodiscard]] nvml::SymbolLookup without(std::set<std::string, std::less<>> hidden) const {
        return [this, hidden = std::move(hidden)](const char* name) {
            return hidden.contains(std::string_view(name)) ? nullptr : dlsym(object_.get(), name);
        };
    }

    [[nodiscard]] Surroundings where() {
        Surroundings out;
        out.nvml_library = JOULEMARK_FAKE_NVML;
        out.sysfs_root = "/nowhere";
        out.clock = &clock;
        return out;
    }

    [[nodiscard]] Result<std::unique_ptr<NvmlDevice>> open_device(
        std::uint32_t index = 0, std::set<std::string, std::less<>> hidden = {}) {
        auto library = nvml::Library::start(without(std::move(hidden)));
        if (!library) {
            return tl::unexpected(library.error());
        }
        nvml::Handle handle = nullptr;
        if ((*library)->call().handle_by_index(index, &handle) != nvml::Return::success) {
            return fail(Kind::not_found, "no handle");
        }
        return NvmlDevice::open(*library, handle, nvml::identify(**library, handle, index), clock);
    }

    ManualClock clock{instant_at(1'000'000'000'000)};

private:
    static FakeNvml& of(void* self) { return *static_cast<FakeNvml*>(self); }

    template <class F> [[nodiscard]] F* control(const char* name) const {
        return reinterpret_cast<F*>(dlsym(object_.get(), name));
    }

    std::unique_ptr<void, int (*)(void*)> object_;
};

// The note of a device that contains `words`; empty when there is none.
inline std::string note_with(const DeviceInfo& info, std::string_view words) {
    for (const std::string& note : info.notes) {
        if (note.find(words) != std::string::npos) {
            return note;
        }
    }
    return {};
}

} // namespace joulemark::device
