// What joulemark adds to the vendor library: one fast reading of an NVIDIA GPU beside the same
// driver call made directly, on a library that answers at once and on the fake one. Turns are
// taken, so that both see the same machine.
#include "device/nvml_device.hpp"
#include "device/nvml_fields.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace {

namespace nvml = joulemark::device::nvml;
using joulemark::device::NvmlDevice;
using nvml::FieldValue;
using nvml::Handle;
using nvml::Return;

constexpr std::array fields{
    nvml::field::instant_power, nvml::field::average_power, nvml::field::total_energy};

// A driver that costs next to nothing.
Return answer_at_once(Handle, std::int32_t count, FieldValue* values) {
    for (std::int32_t i = 0; i < count; ++i) {
        const bool energy = values[i].field_id == nvml::field::total_energy;
        values[i].value_type = energy ? nvml::ValueType::uint64 : nvml::ValueType::uint32;
        values[i].value.uint64 = energy ? 123'456'789 : 345'678;
        values[i].status = Return::success;
    }
    return Return::success;
}

void* find_instant(const char* name) {
    const auto succeed = [] { return Return::success; };
    using Plain = Return (*)();
    using Count = Return (*)(std::uint32_t*);
    using ByIndex = Return (*)(std::uint32_t, Handle*);
    const auto is = [&](const char* wanted) { return std::strcmp(name, wanted) == 0; };
    if (is("nvmlInit_v2") || is("nvmlShutdown")) {
        return reinterpret_cast<void*>(Plain(succeed));
    }
    if (is("nvmlDeviceGetCount_v2")) {
        return reinterpret_cast<void*>(Count([](std::uint32_t* n) {
            *n = 1;
            return Return::success;
        }));
    }
    if (is("nvmlDeviceGetHandleByIndex_v2")) {
        return reinterpret_cast<void*>(ByIndex([](std::uint32_t, Handle* handle) {
            *handle = reinterpret_cast<Handle>(std::uintptr_t{16});
            return Return::success;
        }));
    }
    return is("nvmlDeviceGetFieldValues") ? reinterpret_cast<void*>(&answer_at_once) : nullptr;
}

struct Subject {
    std::shared_ptr<const nvml::Library> library;
    Handle handle = nullptr;
    std::unique_ptr<NvmlDevice> device;
};

[[noreturn]] void give_up(const joulemark::Error& error) {
    std::fprintf(stderr, "%s\n", error.describe().c_str());
    std::exit(1);
}

Subject open(joulemark::Result<std::shared_ptr<const nvml::Library>> library,
             const joulemark::Clock& clock) {
    if (!library) {
        give_up(library.error());
    }
    Subject subject{.library = *library, .handle = nullptr, .device = nullptr};
    subject.library->call().handle_by_index(0, &subject.handle);
    auto device = NvmlDevice::open(subject.library,
                                   subject.handle,
                                   nvml::identify(*subject.library, subject.handle, 0),
                                   clock);
    if (!device) {
        give_up(device.error());
    }
    subject.device = std::move(*device);
    return subject;
}

double ns_per_call(const std::function<void()>& call) {
    constexpr int calls = 20'000;
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) {
        call();
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    return took.count() / calls;
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

void compare(const char* name, const Subject& subject) {
    std::vector<double> direct;
    std::vector<double> ours;
    double sum = 0.0;
    for (int round = 0; round < 51; ++round) {
        direct.push_back(ns_per_call([&] {
            std::array request{nvml::field_request(fields[0]),
                               nvml::field_request(fields[1]),
                               nvml::field_request(fields[2])};
            subject.library->call().field_values(subject.handle, 3, request.data());
            sum += static_cast<double>(request[0].value.uint64);
        }));
        ours.push_back(ns_per_call([&] {
            const auto reading = subject.device->read_fast();
            sum += reading ? joulemark::to_seconds(reading->latency).value() : 1.0;
        }));
    }
    const double added = median(ours) - median(direct);
    std::printf(
        "| %s | %.0f ns | %.0f ns | %.0f ns |\n", name, median(direct), median(ours), added);
    if (sum < 0.0) {
        std::puts("");
    }
}

} // namespace

int main(int, char** argv) {
    const joulemark::SystemClock clock;
    const char* from_environment = std::getenv("JOULEMARK_FAKE_NVML");
    const std::string fake =
        from_environment != nullptr
            ? from_environment
            : (std::filesystem::canonical(argv[0]).parent_path().parent_path() / "fakes" / "nvml" /
               "libnvidia-ml.so.1");
    std::puts(
        "One reading of power, average power and energy counter; joulemark's part is to be below "
        "1 µs.\n");
    std::puts(
        "| vendor library | its call alone | `read_fast` | joulemark adds |\n|---|---|---|---|");
    compare("answers at once", open(nvml::Library::start(find_instant), clock));
    compare("fake NVML", open(nvml::Library::open(fake), clock));
    return 0;
}
