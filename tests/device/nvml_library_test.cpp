#include "device/nvml_fake.hpp"
#include "device/nvml_library.hpp"
#include "device/nvml_status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace joulemark::device::nvml {
namespace {

using testing::HasSubstr;

// Everything that the back-end asks for and can live without.
const std::vector<std::string> optional_symbols{
    "nvmlInit_v2",
    "nvmlSystemGetDriverVersion",
    "nvmlSystemGetNVMLVersion",
    "nvmlDeviceGetCount_v2",
    "nvmlDeviceGetHandleByIndex_v2",
    "nvmlDeviceGetHandleByUUID",
    "nvmlDeviceGetHandleByPciBusId_v2",
    "nvmlDeviceGetHandleByPciBusId",
    "nvmlDeviceGetName",
    "nvmlDeviceGetUUID",
    "nvmlDeviceGetSerial",
    "nvmlDeviceGetVbiosVersion",
    "nvmlDeviceGetPciInfo_v3",
    "nvmlDeviceGetPciInfo_v2",
    "nvmlDeviceGetPciInfo",
    "nvmlDeviceGetArchitecture",
    "nvmlDeviceGetCudaComputeCapability",
    "nvmlDeviceGetPersistenceMode",
    "nvmlDeviceGetVirtualizationMode",
    "nvmlDeviceGetMigMode",
    "nvmlDeviceGetMaxMigDeviceCount",
    "nvmlDeviceGetMigDeviceHandleByIndex",
    "nvmlDeviceIsMigDeviceHandle",
    "nvmlDeviceGetDeviceHandleFromMigDeviceHandle",
    "nvmlDeviceGetTotalEnergyConsumption",
    "nvmlDeviceGetPowerUsage",
    "nvmlDeviceGetFieldValues",
    "nvmlDeviceGetSamples",
    "nvmlDeviceGetTemperatureV",
    "nvmlDeviceGetTemperature",
    "nvmlDeviceGetClockInfo",
    "nvmlDeviceGetCurrentClocksEventReasons",
    "nvmlDeviceGetCurrentClocksThrottleReasons",
    "nvmlDeviceGetUtilizationRates",
    "nvmlDeviceGetMemoryInfo_v2",
    "nvmlDeviceGetMemoryInfo",
    "nvmlDeviceGetEnforcedPowerLimit",
    "nvmlDeviceGetPowerManagementDefaultLimit",
    "nvmlDeviceGetPowerManagementLimitConstraints",
    "nvmlDeviceGetComputeRunningProcesses_v3",
    "nvmlDeviceGetComputeRunningProcesses_v2",
    "nvmlDeviceGetComputeRunningProcesses",
    "nvmlDeviceGetConfComputeMemSizeInfo",
    "nvmlDeviceGetRunningProcessDetailList",
};

TEST(NvmlLibrary, HoldsOneReferenceUntilTheLastOwnerLetsGo) {
    FakeNvml fake("gpu h200");
    auto library = Library::open(JOULEMARK_FAKE_NVML);
    ASSERT_TRUE(library) << library.error().describe();
    EXPECT_EQ(fake.references(), 1);
    EXPECT_EQ((*library)->driver_version(), "580.65.06");
    const std::shared_ptr<const Library> other = *library;
    library->reset();
    EXPECT_EQ(fake.references(), 1);
    (void)other;
}

TEST(NvmlLibrary, GivesTheReferenceBackInTheEnd) {
    FakeNvml fake("gpu h200");
    (void)Library::open(JOULEMARK_FAKE_NVML);
    EXPECT_EQ(fake.calls("nvmlInit"), 1);
    EXPECT_EQ(fake.references(), 0);
}

TEST(NvmlLibrary, ADeviceKeepsItOpen) {
    FakeNvml fake("gpu h200");
    auto device = fake.open_device();
    ASSERT_TRUE(device);
    EXPECT_EQ(fake.references(), 1);
    device->reset();
    EXPECT_EQ(fake.references(), 0);
}

TEST(NvmlLibrary, WithoutAPathTheLoaderSearchesForTheVersionedName) {
    FakeNvml fake("driver 1.2.3"); // a library of this name is in memory already, so it is found
    const auto library = Library::open("");
    ASSERT_TRUE(library) << library.error().describe();
    EXPECT_EQ((*library)->driver_version(), "1.2.3");
}

// A real library that has none of the later functions: no fields, no counter, no architecture.
TEST(NvmlLibrary, ADriverOf2013IsEnough) {
    const auto folder = std::filesystem::path(JOULEMARK_FAKE_NVML).parent_path().parent_path();
    ManualClock clock;
    Surroundings where;
    where.nvml_library = folder / "nvml_old" / "libnvidia-ml.so.1";
    where.clock = &clock;
    const auto devices = open_nvml("all", where);
    ASSERT_TRUE(devices) << devices.error().describe();
    Device& gpu = *devices->front();
    EXPECT_EQ(gpu.info().pci_bus_id, "0000:00:00.0");
    EXPECT_FALSE(gpu.info().counter);
    EXPECT_FALSE(gpu.info().compute_capability);
    EXPECT_EQ(gpu.info().architecture, "Hopper"); // of the product's name
    const auto fast = gpu.read_fast();
    ASSERT_TRUE(fast) << fast.error().describe();
    EXPECT_GT(fast->power.value_or(0_W), 100_W);
    EXPECT_FALSE(fast->energy_counter);
    const auto slow = gpu.read_slow();
    ASSERT_TRUE(slow);
    EXPECT_TRUE(slow->temperature && slow->memory_used && slow->utilisation);
    EXPECT_FALSE(slow->memory_temperature);
    EXPECT_EQ(slow->throttle_reasons, 0U);
    EXPECT_TRUE(gpu.driver_samples()->empty());
}

TEST(NvmlLibrary, AbsentOneSaysHowToGetIt) {
    const auto library = Library::open("/nowhere/libnvidia-ml.so.1");
    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().kind, Kind::unavailable);
    EXPECT_THAT(library.error().message, HasSubstr("Install the NVIDIA driver"));
    EXPECT_THAT(library.error().message, HasSubstr("/nowhere/libnvidia-ml.so.1"));
    EXPECT_THAT(library.error().message, HasSubstr("JOULEMARK_NVML_LIBRARY"));
}

TEST(NvmlLibrary, AFileThatIsNoLibraryIsRefusedAndItsNameMadePrintable) {
    const std::string path = testing::TempDir() + "no\x1blibrary.so";
    std::ofstream(path) << "this is no shared object";
    const auto library = Library::open(path);
    std::filesystem::remove(path);
    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().kind, Kind::unavailable);
    EXPECT_EQ(library.error().message.find('\x1b'), std::string::npos);
}

TEST(NvmlLibrary, AnotherLibraryIsToldFromNvml) {
    const auto library = Library::start([](const char*) -> void* { return nullptr; });
    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().kind, Kind::unsupported);
    EXPECT_THAT(library.error().message, HasSubstr("does not export nvmlInit"));
}

TEST(NvmlLibrary, DriverNotLoaded) {
    FakeNvml fake("fail nvmlInit 9");
    const auto library = Library::open(JOULEMARK_FAKE_NVML);
    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().kind, Kind::unavailable);
    EXPECT_THAT(library.error().message, HasSubstr("DRIVER_NOT_LOADED (9)"));
    EXPECT_THAT(library.error().message, HasSubstr("modprobe nvidia"));
    EXPECT_EQ(fake.calls("nvmlShutdown"), 0);
}

TEST(NvmlLibrary, AMismatchOfLibraryAndKernelDriverNamesTheLibrarysVersion) {
    FakeNvml fake("fail nvmlInit 18\nnvml 13.580.65.06");
    const auto library = Library::open(JOULEMARK_FAKE_NVML);
    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().kind, Kind::unavailable);
    EXPECT_THAT(library.error().message, HasSubstr("13.580.65.06"));
    EXPECT_THAT(library.error().message, HasSubstr("reboot"));
}

TEST(NvmlLibrary, StartRefusedToThisUser) {
    FakeNvml fake("fail nvmlInit 4");
    const auto library = Library::open(JOULEMARK_FAKE_NVML);
    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().kind, Kind::permission);
    EXPECT_THAT(library.error().message, HasSubstr("/dev/nvidia"));
}

TEST(NvmlLibrary, EveryOptionalSymbolMayBeAbsentAlone) {
    FakeNvml fake("gpu h200\npower constant 300");
    fake.clock.advance(seconds{5});
    for (const std::string& symbol : optional_symbols) {
        SCOPED_TRACE(symbol);
        const auto device = fake.open_device(0, {symbol});
        ASSERT_TRUE(device) << device.error().describe();
        const auto fast = (*device)->read_fast();
        ASSERT_TRUE(fast) << fast.error().describe();
        ASSERT_TRUE(fast->power);
        EXPECT_DOUBLE_EQ(fast->power->value(), 300.0);
        ASSERT_TRUE(fast->energy_counter);
        const auto slow = (*device)->read_slow();
        ASSERT_TRUE(slow) << slow.error().describe();
        EXPECT_TRUE((*device)->driver_samples());
    }
}

TEST(NvmlLibrary, AllOptionalSymbolsMayBeAbsentButTheReadingOfPower) {
    FakeNvml fake("gpu v100\npower constant 250");
    fake.clock.advance(seconds{5});
    std::set<std::string, std::less<>> hidden(optional_symbols.begin(), optional_symbols.end());
    hidden.erase("nvmlDeviceGetPowerUsage");
    const auto device = fake.open_device(0, hidden);
    ASSERT_TRUE(device) << device.error().describe();
    EXPECT_EQ((*device)->info().product, "NVIDIA GPU");
    EXPECT_FALSE((*device)->info().uuid);
    EXPECT_FALSE((*device)->info().counter);
    const auto fast = (*device)->read_fast();
    ASSERT_TRUE(fast && fast->power);
    EXPECT_DOUBLE_EQ(fast->power->value(), 250.0);
    EXPECT_FALSE(fast->energy_counter);
    const auto slow = (*device)->read_slow();
    ASSERT_TRUE(slow);
    EXPECT_FALSE(slow->temperature);
    EXPECT_FALSE(slow->throttle_reasons);
}

TEST(NvmlLibrary, ThePairThatCountsGpusIsOfOneVersion) {
    FakeNvml fake("gpu h200");
    const auto lookup = fake.without({"nvmlDeviceGetCount_v2"});
    const auto functions = resolve(lookup);
    ASSERT_TRUE(functions);
    EXPECT_EQ(reinterpret_cast<void*>(functions->handle_by_index),
              lookup("nvmlDeviceGetHandleByIndex"));
    EXPECT_NE(lookup("nvmlDeviceGetHandleByIndex"), lookup("nvmlDeviceGetHandleByIndex_v2"));
}

TEST(NvmlLibrary, TheNewestVersionIsTaken) {
    FakeNvml fake("gpu h200");
    const auto lookup = fake.without({});
    const auto functions = resolve(lookup);
    ASSERT_TRUE(functions);
    EXPECT_EQ(reinterpret_cast<void*>(functions->init), lookup("nvmlInit_v2"));
    EXPECT_EQ(reinterpret_cast<void*>(functions->pci_info), lookup("nvmlDeviceGetPciInfo_v3"));
}

TEST(NvmlStatus, CodesFallIntoTheirOutcomes) {
    const auto outcome = [](int code) { return outcome_of(static_cast<Return>(code)); };
    for (const int code : {3, 13, 26}) {
        EXPECT_EQ(outcome(code), Outcome::absent) << code;
    }
    for (const int code : {10, 19, 21, 27}) {
        EXPECT_EQ(outcome(code), Outcome::transient) << code;
    }
    for (const int code : {15, 16, 28}) {
        EXPECT_EQ(outcome(code), Outcome::lost) << code;
    }
    for (const int code : {4, 17}) {
        EXPECT_EQ(outcome(code), Outcome::denied) << code;
    }
    for (const int code : {1, 2, 8, 9, 11, 999, 31, 12345, -7}) {
        EXPECT_EQ(outcome(code), Outcome::failed) << code;
    }
    EXPECT_EQ(outcome(0), Outcome::ok);
}

TEST(NvmlStatus, EveryCodeHasAnErrorThatNamesTheThingAndTheCode) {
    for (int code = 1; code <= 1100; ++code) {
        const Error error = error_of(static_cast<Return>(code), "nvml:3");
        EXPECT_THAT(error.message, HasSubstr("nvml:3: NVML says "));
        EXPECT_THAT(error.message, HasSubstr(std::to_string(code)));
    }
}

TEST(NvmlStatus, WhatWorkedAndIsNotSupportedNowIsUnavailable) {
    EXPECT_EQ(error_of(Return::not_supported, "x").kind, Kind::unsupported);
    EXPECT_EQ(reading_error(Return::not_supported, "x").kind, Kind::unavailable);
    EXPECT_EQ(reading_error(Return::timeout, "x").kind, Kind::unavailable);
    EXPECT_EQ(reading_error(Return::gpu_is_lost, "x").kind, Kind::not_found);
    EXPECT_EQ(reading_error(Return::invalid_argument, "x").kind, Kind::not_found);
    EXPECT_EQ(reading_error(Return::operating_system, "x").kind, Kind::permission);
    EXPECT_EQ(reading_error(static_cast<Return>(4711), "x").kind, Kind::unavailable);
}

} // namespace
} // namespace joulemark::device::nvml
