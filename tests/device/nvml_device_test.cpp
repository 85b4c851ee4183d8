#include "device/nvml_device.hpp"
#include "device/nvml_fake.hpp"
#include "device/nvml_pci.hpp"
#include "device/nvml_processes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace joulemark::device {
namespace {

using testing::HasSubstr;

class NvmlDeviceTest : public testing::Test {
protected:
    NvmlDevice& open(std::string_view script, std::uint32_t index = 0) {
        fake_.script(script);
        auto device = fake_.open_device(index);
        EXPECT_TRUE(device) << device.error().describe();
        device_ = std::move(*device);
        return *device_;
    }

    FakeNvml fake_;
    std::unique_ptr<NvmlDevice> device_;
};

TEST_F(NvmlDeviceTest, KnowsWhoItIs) {
    const DeviceInfo& info = open("driver 570.12\ngpu h200\nuuid GPU-abc\nserial 42\nvbios 96.0\n"
                                  "pci 00000000:65:00.0\nlimits 600 700 200 750\n"
                                  "memory 151000000000 0 0\npersistence on")
                                 .info();
    EXPECT_EQ(info.name, "nvml:0");
    EXPECT_EQ(info.backend, "nvml");
    EXPECT_EQ(info.product, "NVIDIA H200");
    EXPECT_EQ(info.uuid, "GPU-abc");
    EXPECT_EQ(info.serial, "42");
    EXPECT_EQ(info.vbios, "96.0");
    EXPECT_EQ(info.driver, "570.12");
    EXPECT_EQ(info.pci_bus_id, "0000:65:00.0");
    EXPECT_EQ(info.architecture, "Hopper");
    EXPECT_EQ(info.compute_capability, "9.0");
    EXPECT_EQ(info.power_limit, 600_W);
    EXPECT_EQ(info.power_limit_default, 700_W);
    EXPECT_EQ(info.power_limit_min, 200_W);
    EXPECT_EQ(info.power_limit_max, 750_W);
    EXPECT_EQ(info.memory_total, Bytes{151e9});
    EXPECT_EQ(info.persistence_mode, true);
    EXPECT_FALSE(info.mig_enabled);
    EXPECT_FALSE(info.virtual_gpu);
    EXPECT_FALSE(info.simulated);
}

TEST_F(NvmlDeviceTest, TextFromTheDriverCannotReachATerminalRaw) {
    const DeviceInfo& info = open("gpu h200\nname Evil\x1b[31mGPU\nserial a\x07z").info();
    EXPECT_EQ(info.product, "Evil\\x1b[31mGPU");
    EXPECT_EQ(info.serial, "a\\x07z");
}

TEST_F(NvmlDeviceTest, OldPciInfoHasTheLegacyIdOnly) {
    fake_.script("gpu h200\npci 00000000:65:00.0");
    const auto device = fake_.open_device(0, {"nvmlDeviceGetPciInfo_v3"});
    ASSERT_TRUE(device);
    EXPECT_EQ((*device)->info().pci_bus_id, "0000:65:00.0");
}

TEST_F(NvmlDeviceTest, PersistenceOffIsNoted) {
    EXPECT_THAT(note_with(open("gpu h200\npersistence off").info(), "Persistence"),
                HasSubstr("nvidia-smi -pm 1"));
}

TEST_F(NvmlDeviceTest, MigIsSaid) {
    const DeviceInfo& info = open("gpu h200\nmig on MIG-1").info();
    EXPECT_EQ(info.mig_enabled, true);
    EXPECT_THAT(note_with(info, "MIG is on"), HasSubstr("whole GPU"));
}

TEST_F(NvmlDeviceTest, MigOffIsKnownToBeOff) {
    EXPECT_EQ(open("gpu h200\nmig off").info().mig_enabled, false);
}

TEST_F(NvmlDeviceTest, VirtualGpusAreSaid) {
    EXPECT_TRUE(open("gpu h200\nvirtual guest").info().virtual_gpu);
    EXPECT_NE(note_with(device_->info(), "virtual GPU"), "");
    FakeNvml host("gpu h200\nvirtual host");
    const auto device = host.open_device();
    ASSERT_TRUE(device);
    EXPECT_FALSE((*device)->info().virtual_gpu);
    EXPECT_NE(note_with((*device)->info(), "shared out"), "");
}

TEST_F(NvmlDeviceTest, PowerSmoothingIsSaid) {
    const DeviceInfo& info = open("gpu b200\nfield 251 value 1\nfield 255 value 400\n"
                                  "field 275 value 350\nfield 264 value 2")
                                 .info();
    const std::string note = note_with(info, "Power smoothing is on");
    EXPECT_THAT(note, HasSubstr("floor 400 W"));
    EXPECT_THAT(note, HasSubstr("primary floor 350 W"));
    EXPECT_THAT(note, HasSubstr("profile 2"));
    FakeNvml off("gpu b200\nfield 251 value 0");
    EXPECT_EQ(note_with((*off.open_device())->info(), "smoothing"), "");
}

// ---- Lost and found

TEST_F(NvmlDeviceTest, ALostGpuIsNotReadUntilItIsBack) {
    NvmlDevice& gpu = open("gpu h200\npower constant 300");
    fake_.script("on 0\nlost");
    auto reading = gpu.read_fast();
    ASSERT_FALSE(reading);
    EXPECT_EQ(reading.error().kind, Kind::not_found);
    EXPECT_THAT(reading.error().message, HasSubstr("GPU_IS_LOST"));

    const std::uint64_t calls = fake_.calls("nvmlDeviceGetFieldValues");
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(gpu.read_fast().error().kind, Kind::not_found);
        EXPECT_EQ(gpu.read_slow().error().kind, Kind::not_found);
        EXPECT_EQ(gpu.driver_samples().error().kind, Kind::not_found);
    }
    EXPECT_EQ(fake_.calls("nvmlDeviceGetFieldValues"), calls);
    EXPECT_FALSE(gpu.reopen());

    fake_.script("on 0\nback");
    ASSERT_TRUE(gpu.reopen());
    reading = gpu.read_fast();
    ASSERT_TRUE(reading);
    EXPECT_DOUBLE_EQ(reading->power.value_or(0_W).value(), 300.0);
    EXPECT_TRUE(gpu.read_slow());
    EXPECT_TRUE(gpu.driver_samples());
}

TEST_F(NvmlDeviceTest, LossShowsInAnyCall) {
    for (const char* code : {"15", "16", "28"}) {
        FakeNvml fake("gpu h200");
        auto device = fake.open_device();
        ASSERT_TRUE(device);
        fake.script("on 0\nfield 186 code " + std::string(code));
        const auto reading = (*device)->read_fast(); // although the other two fields answer
        ASSERT_FALSE(reading);
        EXPECT_EQ(reading.error().kind, Kind::not_found) << code;
    }
}

TEST_F(NvmlDeviceTest, ARemovedGpuIsFoundAgainByItsUuidAtAnotherIndex) {
    open("gpu h200\nuuid GPU-first\npower constant 100\n"
         "gpu h200\nuuid GPU-second\npower constant 200",
         1);
    fake_.script("on 1\nremove");
    EXPECT_FALSE(device_->read_fast());
    const auto absent = device_->reopen();
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().kind, Kind::not_found);
    fake_.script("on 0\nremove\non 1\nback"); // index 0 now
    ASSERT_TRUE(device_->reopen());
    EXPECT_DOUBLE_EQ(device_->read_fast()->power.value_or(0_W).value(), 200.0);
    EXPECT_EQ(device_->info().uuid, "GPU-second");
}

TEST_F(NvmlDeviceTest, AnotherGpuInTheSamePlaceIsNotTakenForIt) {
    fake_.script("gpu h200\nuuid GPU-old\npci 00000000:65:00.0");
    auto device = fake_.open_device(0, {"nvmlDeviceGetHandleByUUID"});
    ASSERT_TRUE(device);
    fake_.script("on 0\nlost");
    EXPECT_FALSE((*device)->read_fast());
    fake_.script("on 0\nback\nuuid GPU-new");
    const auto reopened = (*device)->reopen();
    ASSERT_FALSE(reopened);
    EXPECT_EQ(reopened.error().kind, Kind::not_found);
}

TEST_F(NvmlDeviceTest, WithoutUuidTheSlotFindsIt) {
    fake_.script("gpu h200\npci 00000000:65:00.0\npower constant 150");
    auto device = fake_.open_device(0, {"nvmlDeviceGetUUID"});
    ASSERT_TRUE(device);
    fake_.script("on 0\nlost");
    EXPECT_FALSE((*device)->read_fast());
    fake_.script("on 0\nback");
    ASSERT_TRUE((*device)->reopen());
    EXPECT_DOUBLE_EQ((*device)->read_fast()->power.value_or(0_W).value(), 150.0);
}

TEST_F(NvmlDeviceTest, AStaleHandleMeansLost) {
    NvmlDevice& gpu = open("gpu h200");
    fake_.script("fail nvmlDeviceGetFieldValues 2 1");
    EXPECT_EQ(gpu.read_fast().error().kind, Kind::not_found);
    EXPECT_TRUE(gpu.reopen());
    EXPECT_TRUE(gpu.read_fast());
}

TEST_F(NvmlDeviceTest, AHandleThatCannotBeReadIsNotBack) {
    NvmlDevice& gpu = open("gpu h200");
    fake_.script("on 0\nlost");
    EXPECT_FALSE(gpu.read_fast());
    fake_.script("on 0\nback\nfield 186 code 16");
    EXPECT_FALSE(gpu.reopen());
    EXPECT_FALSE(gpu.read_fast());
}

TEST_F(NvmlDeviceTest, ThrottlingWhileItWasLostIsNotCountedAfterwards) {
    NvmlDevice& gpu = open("gpu h200\nthrottle 270 1s 2s");
    EXPECT_TRUE(gpu.read_slow());
    fake_.script("on 0\nlost");
    EXPECT_FALSE(gpu.read_slow());
    fake_.clock.advance(seconds{5});
    fake_.script("on 0\nback");
    ASSERT_TRUE(gpu.reopen());
    EXPECT_EQ(gpu.read_slow()->throttle_reasons, 0U);
}

TEST_F(NvmlDeviceTest, PermissionTakenAwaySaysWhichOne) {
    NvmlDevice& gpu = open("gpu h200");
    fake_.script("fail nvmlDeviceGetFieldValues 17");
    const auto reading = gpu.read_fast();
    ASSERT_FALSE(reading);
    EXPECT_EQ(reading.error().kind, Kind::permission);
    EXPECT_THAT(reading.error().message, HasSubstr("docker run --gpus"));
}

TEST_F(NvmlDeviceTest, SeveralGpusMayBeReadFromSeveralThreads) {
    fake_.script("gpu h200\npower constant 100\ngpu h200\npower constant 200");
    std::vector<std::unique_ptr<NvmlDevice>> gpus;
    for (std::uint32_t i = 0; i < 2; ++i) {
        auto device = fake_.open_device(i);
        ASSERT_TRUE(device);
        gpus.push_back(std::move(*device));
    }
    std::array<int, 2> right{};
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < gpus.size(); ++i) {
            threads.emplace_back([&, i] {
                for (int n = 0; n < 200; ++n) {
                    const auto fast = gpus[i]->read_fast();
                    const auto slow = gpus[i]->read_slow();
                    const auto samples = gpus[i]->driver_samples();
                    right[i] += fast && slow && samples &&
                                fast->power == Watts{100.0 * static_cast<double>(i + 1)};
                }
            });
        }
    }
    EXPECT_THAT(right, testing::ElementsAre(200, 200));
}

// ---- Processes

std::vector<nvml::GpuProcess> processes(FakeNvml& fake,
                                        std::set<std::string, std::less<>> hidden = {}) {
    const auto library = nvml::Library::start(fake.without(std::move(hidden)));
    nvml::Handle handle = nullptr;
    (*library)->call().handle_by_index(0, &handle);
    return nvml::processes_on(**library, handle).value_or(std::vector<nvml::GpuProcess>{});
}

void expect_three(const std::vector<nvml::GpuProcess>& list) {
    ASSERT_EQ(list.size(), 3U);
    EXPECT_EQ(list[0].pid, 101U);
    EXPECT_EQ(list[0].memory, Bytes{1000});
    EXPECT_EQ(list[1].pid, 102U);
    EXPECT_FALSE(list[1].memory);
    EXPECT_EQ(list[2].pid, 103U);
    EXPECT_EQ(list[2].memory, Bytes{3000});
}

constexpr const char* three_processes =
    "gpu h200\nprocess 101 1000\nprocess 102 unknown\nprocess 103 3000";

TEST(NvmlProcesses, ElementsOf24Bytes) {
    FakeNvml fake(three_processes);
    expect_three(processes(fake));
    expect_three(processes(fake, {"nvmlDeviceGetComputeRunningProcesses_v3"}));
}

TEST(NvmlProcesses, ElementsOf16Bytes) {
    FakeNvml fake(three_processes);
    expect_three(processes(
        fake,
        {"nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2"}));
}

TEST(NvmlProcesses, ElementsOf32BytesOfDriverSeries530) {
    FakeNvml fake(std::string("process_size 32\n") + three_processes);
    expect_three(processes(fake, {"nvmlDeviceGetRunningProcessDetailList"}));
}

TEST(NvmlProcesses, AListLongerThanExpectedIsAskedForAgain) {
    std::string script = "gpu h200";
    for (int i = 1; i <= 500; ++i) {
        script += "\nprocess " + std::to_string(i) + " 1";
    }
    FakeNvml fake(script);
    EXPECT_EQ(processes(fake).size(), 500U);
}

TEST(NvmlProcesses, OthersOnTheGpuAreNoted) {
    FakeNvml fake("gpu h200\nprocess 101 1000\nprocess " + std::to_string(getpid()) + " 5");
    const auto device = fake.open_device();
    ASSERT_TRUE(device);
    EXPECT_THAT(note_with((*device)->info(), "computing on this GPU"),
                HasSubstr("1 other process is"));
    FakeNvml alone("gpu h200");
    EXPECT_EQ(note_with((*alone.open_device())->info(), "computing on this GPU"), "");
}

// ---- PCI addresses

TEST(PciAddress, AllFormsOfOneAddressAreEqual) {
    const PciAddress expected{.domain = 0, .bus = 0x65, .device = 0, .function = 0};
    for (const char* text : {"00000000:65:00.0",
                             "0000:65:00.0",
                             "0:65:0.0",
                             "65:00.0",
                             "00000000:65:00",
                             " 0000:65:00.0 "}) {
        EXPECT_EQ(parse_pci_address(text), expected) << text;
    }
    EXPECT_EQ(to_string(expected), "0000:65:00.0");
    EXPECT_EQ(to_string(*parse_pci_address("0001:AF:1f.7")), "0001:af:1f.7");
    EXPECT_EQ(to_string(*parse_pci_address("10000:e1:00.0")), "10000:e1:00.0");
}

TEST(PciAddress, WhatIsNoneIsRefused) {
    for (const char* text : {"",
                             ":",
                             ".",
                             "65",
                             "65:00",
                             "0:65:00:00.0",
                             "0000:65:00.8",
                             "-1:65:0.0",
                             "0000:100:00.0",
                             "0000:65:20.0",
                             "0000:zz:00.0",
                             "0000:65:00.0x",
                             "123456789:65:00.0",
                             "0000::00.0",
                             "+0:65:00.0"}) {
        EXPECT_FALSE(parse_pci_address(text)) << text;
    }
}

RC_GTEST_PROP(PciAddressProperty, WhatIsWrittenIsReadBack, ()) {
    const PciAddress address{.domain = *rc::gen::arbitrary<std::uint32_t>(),
                             .bus = *rc::gen::inRange(0U, 0x100U),
                             .device = *rc::gen::inRange(0U, 0x20U),
                             .function = *rc::gen::inRange(0U, 8U)};
    RC_ASSERT(parse_pci_address(to_string(address)) == address);
}

} // namespace
} // namespace joulemark::device
