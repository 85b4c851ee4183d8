#include "device/nvml_backend.hpp"
#include "device/nvml_fake.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace joulemark::device {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* three_gpus = "gpu h200\nuuid GPU-aaaa1111\npci 00000000:65:00.0\n"
                                   "gpu h200\nuuid GPU-aaaa2222\npci 00000000:17:00.0\n"
                                   "gpu h200\nuuid GPU-bbbb3333\npci 00000001:02:00.0\n";

std::vector<std::string> names(const Result<std::vector<std::unique_ptr<Device>>>& devices) {
    EXPECT_TRUE(devices) << devices.error().describe();
    std::vector<std::string> out;
    if (devices) {
        for (const auto& device : *devices) {
            out.push_back(device->info().name);
        }
    }
    return out;
}

// ---- Names

TEST(NvmlOpen, ByIndex) {
    FakeNvml fake(three_gpus);
    const auto devices = open_nvml("1", fake.where());
    EXPECT_THAT(names(devices), ElementsAre("nvml:1"));
    EXPECT_EQ(devices->front()->info().uuid, "GPU-aaaa2222");
}

TEST(NvmlOpen, ByIndexTouchesNoOtherGpu) {
    FakeNvml fake(three_gpus);
    EXPECT_TRUE(open_nvml("2", fake.where()));
    EXPECT_EQ(fake.calls("nvmlDeviceGetHandleByIndex"), 1);
}

TEST(NvmlOpen, ByUuidAndByItsUniqueBeginning) {
    FakeNvml fake(three_gpus);
    EXPECT_THAT(names(open_nvml("GPU-aaaa2222", fake.where())), ElementsAre("nvml:1"));
    EXPECT_THAT(names(open_nvml("GPU-b", fake.where())), ElementsAre("nvml:2"));
    const auto ambiguous = open_nvml("GPU-aaaa", fake.where());
    ASSERT_FALSE(ambiguous);
    EXPECT_EQ(ambiguous.error().kind, Kind::not_found);
    EXPECT_THAT(ambiguous.error().message, HasSubstr("more than one"));
}

TEST(NvmlOpen, ByPciAddressInAnyForm) {
    FakeNvml fake(three_gpus);
    for (const char* selector : {"00000000:17:00.0", "0000:17:00.0", "17:00.0"}) {
        EXPECT_THAT(names(open_nvml(selector, fake.where())), ElementsAre("nvml:1")) << selector;
    }
    EXPECT_THAT(names(open_nvml("0001:02:00.0", fake.where())), ElementsAre("nvml:2"));
    EXPECT_EQ(open_nvml("0000:02:00.0", fake.where()).error().kind, Kind::not_found);
}

TEST(NvmlOpen, AMigInstanceOpensItsWholeGpuAndSaysSo) {
    FakeNvml fake("gpu h200\ngpu h200\nmig on MIG-1111 MIG-2222");
    const auto devices = open_nvml("MIG-2222", fake.where());
    EXPECT_THAT(names(devices), ElementsAre("nvml:1"));
    const DeviceInfo& info = devices->front()->info();
    EXPECT_EQ(info.mig_enabled, true);
    EXPECT_THAT(note_with(info, "MIG-2222"), HasSubstr("the GPU as a whole"));
    const auto destroyed = open_nvml("MIG-3333", fake.where());
    ASSERT_FALSE(destroyed);
    EXPECT_EQ(destroyed.error().kind, Kind::not_found);
}

TEST(NvmlOpen, AMigInstanceThatOnlyTheDriverKnowsIsResolvedByIt) {
    FakeNvml fake("gpu h200\nmig on MIG-1111\nfail nvmlDeviceGetMaxMigDeviceCount 3");
    EXPECT_THAT(names(open_nvml("MIG-1111", fake.where())), ElementsAre("nvml:0"));
}

TEST(NvmlOpen, WhatIsNotThereIsSaidTogetherWithWhatIs) {
    FakeNvml fake(three_gpus);
    const auto devices = open_nvml("7", fake.where());
    ASSERT_FALSE(devices);
    EXPECT_EQ(devices.error().kind, Kind::not_found);
    EXPECT_THAT(devices.error().message, HasSubstr("nvml:0 to nvml:2"));
    EXPECT_EQ(open_nvml("99999999999999999999", fake.where()).error().kind, Kind::not_found);
}

TEST(NvmlOpen, NonsenseIsExplainedAndMadePrintable) {
    FakeNvml fake(three_gpus);
    for (const char* selector : {"-1", "x", "GPU", "0x1", "1 ", "\x1b[31m"}) {
        const auto devices = open_nvml(selector, fake.where());
        ASSERT_FALSE(devices) << selector;
        EXPECT_EQ(devices.error().kind, Kind::invalid_argument) << selector;
        EXPECT_EQ(devices.error().message.find('\x1b'), std::string::npos);
    }
}

// ---- Several GPUs, some of them sick

TEST(NvmlOpen, AllOpensEveryGpuInNvmlsOrder) {
    FakeNvml fake(three_gpus);
    EXPECT_THAT(names(open_nvml("all", fake.where())), ElementsAre("nvml:0", "nvml:1", "nvml:2"));
    EXPECT_THAT(names(open_nvml("", fake.where())), ElementsAre("nvml:0", "nvml:1", "nvml:2"));
}

TEST(NvmlOpen, ASickGpuIsLeftOutByNameAndTheOthersWork) {
    for (const char* code : {"4", "8", "11", "15", "17"}) {
        FakeNvml fake("gpu h200\ngpu h200\nrefuse " + std::string(code) + "\ngpu h200");
        const auto devices = open_nvml("all", fake.where());
        EXPECT_THAT(names(devices), ElementsAre("nvml:0", "nvml:2")) << code;
        for (const auto& device : *devices) {
            EXPECT_TRUE(device->read_fast());
            EXPECT_THAT(note_with(device->info(), "nvml:1 is left out"),
                        HasSubstr("(" + std::string(code) + ")"));
        }
        const auto sick = open_nvml("1", fake.where());
        ASSERT_FALSE(sick);
        EXPECT_THAT(sick.error().message, HasSubstr("nvml:1"));
    }
}

TEST(NvmlOpen, AGpuThatDoesNotSayWhoItIsMayBeTheOneMeant) {
    FakeNvml fake("gpu h200\nuuid GPU-healthy\ngpu h200\nuuid GPU-sick\nrefuse 17");
    for (const char* selector : {"GPU-sick", "0000:42:00.0"}) {
        const auto devices = open_nvml(selector, fake.where());
        ASSERT_FALSE(devices);
        EXPECT_EQ(devices.error().kind, Kind::permission);
        EXPECT_THAT(devices.error().message, HasSubstr("nvml:1"));
    }
}

TEST(NvmlOpen, AGpuWithoutPowerIsLeftOutOfAll) {
    FakeNvml fake("gpu h200\ngpu k80\ninstant none\nusage none");
    const auto devices = open_nvml("all", fake.where());
    EXPECT_THAT(names(devices), ElementsAre("nvml:0"));
    EXPECT_THAT(note_with(devices->front()->info(), "nvml:1 is left out"),
                HasSubstr("neither power nor energy"));
    EXPECT_EQ(open_nvml("1", fake.where()).error().kind, Kind::unsupported);
}

TEST(NvmlOpen, WhenNothingOpensTheFirstReasonIsGiven) {
    FakeNvml fake("gpu h200\nrefuse 17");
    EXPECT_EQ(open_nvml("all", fake.where()).error().kind, Kind::permission);
    FakeNvml empty("");
    const auto none = open_nvml("all", empty.where());
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, Kind::unavailable);
    EXPECT_THAT(none.error().message, HasSubstr("finds no GPU"));
}

// ---- CUDA_VISIBLE_DEVICES

TEST(NvmlOpen, AllFollowsTheVariableInItsOrder) {
    FakeNvml fake(three_gpus);
    Surroundings where = fake.where();
    where.cuda_visible_devices = "GPU-bbbb,GPU-aaaa1";
    EXPECT_THAT(names(open_nvml("all", where)), ElementsAre("nvml:2", "nvml:0"));
}

TEST(NvmlOpen, NumbersOfTheVariableCountInPciOrder) {
    FakeNvml fake(three_gpus);
    Surroundings where = fake.where();
    where.cuda_visible_devices = "0";
    EXPECT_THAT(names(open_nvml("all", where)), ElementsAre("nvml:1")); // 17:00.0 is the lowest
}

TEST(NvmlOpen, AnIndexMeansTheSameGpuWhateverTheVariableSays) {
    FakeNvml fake(three_gpus);
    Surroundings where = fake.where();
    where.cuda_visible_devices = "2";
    EXPECT_THAT(names(open_nvml("0", where)), ElementsAre("nvml:0"));
}

TEST(NvmlOpen, AVariableThatHidesAllIsTheReason) {
    FakeNvml fake(three_gpus);
    Surroundings where = fake.where();
    for (const char* value : {"", "-1", "9"}) {
        where.cuda_visible_devices = value;
        const auto devices = open_nvml("all", where);
        ASSERT_FALSE(devices);
        EXPECT_EQ(devices.error().kind, Kind::unavailable);
        EXPECT_THAT(devices.error().message,
                    HasSubstr("CUDA_VISIBLE_DEVICES='" + std::string(value) + "' hides every GPU"));
    }
}

TEST(NvmlOpen, MigFormsOfTheVariableOpenTheWholeGpu) {
    FakeNvml fake("gpu h200\ngpu h200\nuuid GPU-2nd\nmig on MIG-1111 MIG-2222");
    Surroundings where = fake.where();
    for (const char* value : {"MIG-1111", "MIG-1111,MIG-2222", "MIG-GPU-2nd/1/0"}) {
        where.cuda_visible_devices = value;
        const auto devices = open_nvml("all", where);
        EXPECT_THAT(names(devices), ElementsAre("nvml:1")) << value;
        EXPECT_NE(note_with(devices->front()->info(), "measured as a whole"), "");
    }
}

// ---- Survey

TEST(NvmlSurveyTest, ListsEveryGpuAndWhatIsWrongWithIt) {
    FakeNvml fake("gpu h200\ngpu h200\nrefuse 15\ngpu k80\ninstant none\nusage none\nuuid GPU-k");
    const NvmlSurvey survey = survey_nvml(fake.where());
    ASSERT_EQ(survey.devices.size(), 3U);
    EXPECT_FALSE(survey.devices[0].problem);
    EXPECT_TRUE(survey.devices[0].info.power_sensor);
    EXPECT_EQ(survey.devices[1].info.name, "nvml:1");
    ASSERT_TRUE(survey.devices[1].problem);
    EXPECT_EQ(survey.devices[1].problem->kind, Kind::not_found);
    ASSERT_TRUE(survey.devices[2].problem);
    EXPECT_EQ(survey.devices[2].info.uuid, "GPU-k"); // known, though not measurable
    EXPECT_TRUE(survey.report.usable);
    EXPECT_EQ(survey.report.backend, "nvml");
    EXPECT_THAT(survey.report.finding, HasSubstr("driver 580.65.06"));
    EXPECT_THAT(survey.report.finding, HasSubstr("3 GPUs, 2 of which cannot be measured"));
    EXPECT_THAT(survey.report.mend, HasSubstr("GPU_IS_LOST"));
}

TEST(NvmlSurveyTest, WithoutALibraryTheReportSaysHowToGetOne) {
    FakeNvml fake;
    Surroundings where = fake.where();
    where.nvml_library = "/nowhere/libnvidia-ml.so.1";
    const NvmlSurvey survey = survey_nvml(where);
    EXPECT_TRUE(survey.devices.empty());
    EXPECT_FALSE(survey.report.usable);
    EXPECT_THAT(survey.report.finding, HasSubstr("cannot be loaded"));
    EXPECT_THAT(survey.report.mend, HasSubstr("Install the NVIDIA driver"));
}

// A sysfs with one PCI device of this vendor and class.
class PciBus {
public:
    PciBus(const char* vendor, const char* device_class)
        : root_(testing::TempDir() + "nvml_pci_bus") {
        const std::string device = root_ + "/bus/pci/devices/0000:65:00.0";
        std::filesystem::create_directories(device);
        std::ofstream(device + "/vendor") << vendor << '\n';
        std::ofstream(device + "/class") << device_class << '\n';
    }
    ~PciBus() { std::filesystem::remove_all(root_); }
    PciBus(const PciBus&) = delete;
    PciBus& operator=(const PciBus&) = delete;

    [[nodiscard]] const std::string& root() const { return root_; }

private:
    std::string root_;
};

TEST(NvmlSurveyTest, AMachineWithoutNvidiaGpuNeedsNoMending) {
    FakeNvml fake;
    Surroundings where = fake.where();
    where.nvml_library = "/nowhere/libnvidia-ml.so.1";
    const auto mend_of = [&](const char* vendor, const char* device_class) {
        const PciBus bus(vendor, device_class);
        where.sysfs_root = bus.root();
        return survey_nvml(where).report.mend;
    };
    EXPECT_EQ(mend_of("0x1002", "0x030000"), "");
    EXPECT_EQ(mend_of("0x10de", "0x020700"), ""); // one of its network cards
    EXPECT_THAT(mend_of("0x10de", "0x030200"), HasSubstr("Install the NVIDIA driver"));
}

TEST(NvmlSurveyTest, AMismatchNamesBothVersions) {
    FakeNvml fake("fail nvmlInit 18\nnvml 13.580.65.06");
    Surroundings where = fake.where();
    where.sysfs_root = testing::TempDir() + "nvml_mismatch";
    std::filesystem::create_directories(where.sysfs_root + "/module/nvidia");
    std::ofstream(where.sysfs_root + "/module/nvidia/version") << "575.57.08\n";
    const NvmlSurvey survey = survey_nvml(where);
    std::filesystem::remove_all(where.sysfs_root);
    EXPECT_THAT(survey.report.finding, HasSubstr("13.580.65.06"));
    EXPECT_THAT(survey.report.mend, HasSubstr("575.57.08"));
    EXPECT_THAT(survey.report.mend, HasSubstr("reboot"));
}

TEST(NvmlSurveyTest, ADriverWithoutGpusIsNotUsable) {
    FakeNvml fake;
    const NvmlSurvey survey = survey_nvml(fake.where());
    EXPECT_FALSE(survey.report.usable);
    EXPECT_THAT(survey.report.mend, HasSubstr("finds no GPU"));
}

TEST(NvmlSurveyTest, LeavesNoReferenceBehind) {
    FakeNvml fake(three_gpus);
    (void)survey_nvml(fake.where());
    EXPECT_EQ(fake.references(), 0);
}

} // namespace
} // namespace joulemark::device
