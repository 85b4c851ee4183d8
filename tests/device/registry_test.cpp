#include "device/nvml_fake.hpp"
#include "device/registry.hpp"
#include "fakes/sysfs/sysfs_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace joulemark::device {
namespace {

using fakes::FileContents;
using fakes::SysfsTree;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Devices = std::vector<std::unique_ptr<Device>>;

std::vector<std::string> names_of(const Result<Devices>& devices) {
    if (!devices) {
        return {"error: " + devices.error().describe()};
    }
    std::vector<std::string> names;
    for (const auto& device : *devices) {
        names.push_back(device->info().name);
    }
    return names;
}

// A machine without an NVIDIA driver, with whatever a test puts into its sysfs.
class Registry : public testing::Test {
protected:
    Registry() {
        where_.nvml_library = tree_.path("libnvidia-ml.so.1");
        where_.sysfs_root = tree_.sysfs();
        where_.clock = &clock_;
    }
    void add_radeon() {
        tree_.add_hwmon(0, "amdgpu", "0000:03:00.0", {{"power1_average", "30000000"}});
    }
    void add_rapl() {
        const FileContents files = {{"energy_uj", "1000000"},
                                    {"max_energy_range_uj", "262143328850"}};
        tree_.add_zone("intel-rapl:0", "package-0", files);
        tree_.add_zone("intel-rapl:0:0", "core", files);
        tree_.add_zone("intel-rapl:0:1", "dram", files);
        tree_.add_zone("intel-rapl:1", "psys", files);
    }

    SysfsTree tree_;
    ManualClock clock_;
    Surroundings where_;
};

TEST_F(Registry, AllOpensEveryRealDeviceThatCanBeRead) {
    add_radeon();
    add_rapl();
    EXPECT_THAT(names_of(open("all", where_)),
                ElementsAre("hwmon:amdgpu",
                            "powercap:package-0",
                            "powercap:core",
                            "powercap:dram",
                            "powercap:psys"));
}

TEST_F(Registry, AllLeavesOutTheTilesOfAGpu) {
    tree_.add_hwmon(4, "i915", "0000:4d:00.0", {{"energy1_input", "5000000"}});
    tree_.add_hwmon(5, "i915_gt0", "0000:4d:00.0", {{"energy1_input", "2000000"}});
    EXPECT_THAT(names_of(open("all", where_)), ElementsAre("hwmon:i915"));
    EXPECT_THAT(names_of(open("hwmon:i915_gt0", where_)), ElementsAre("hwmon:i915_gt0"));
}

// The same with an NVIDIA driver that has one H200.
TEST_F(Registry, NvidiaGpusComeFirst) {
    FakeNvml driver("gpu h200");
    where_.nvml_library = JOULEMARK_FAKE_NVML;
    add_radeon();
    add_rapl();
    EXPECT_THAT(names_of(open_default(where_)), ElementsAre("nvml:0"));
    EXPECT_THAT(names_of(open("all", where_)),
                ElementsAre("nvml:0",
                            "hwmon:amdgpu",
                            "powercap:package-0",
                            "powercap:core",
                            "powercap:dram",
                            "powercap:psys"));
    EXPECT_THAT(open("nvml:7", where_).error().message, HasSubstr("nvml:0"));
    where_.cuda_visible_devices = "";
    EXPECT_THAT(names_of(open_default(where_)), ElementsAre("hwmon:amdgpu"));
    EXPECT_TRUE(survey(where_).backends.at(0).usable);
}

TEST_F(Registry, AnEmptyNvmlSelectorMeansAllGpus) {
    FakeNvml driver("gpu h200\ngpu a100");
    where_.nvml_library = JOULEMARK_FAKE_NVML;
    EXPECT_THAT(names_of(open("nvml", where_)), ElementsAre("nvml:0", "nvml:1"));
}

TEST_F(Registry, ABackEndAloneMeansAllOfIt) {
    add_radeon();
    add_rapl();
    EXPECT_THAT(names_of(open("hwmon", where_)), ElementsAre("hwmon:amdgpu"));
    EXPECT_EQ(names_of(open("powercap:all", where_)).size(), 4U);
}

TEST_F(Registry, TheDefaultIsAGpuBeforeTheCpu) {
    add_rapl();
    EXPECT_THAT(names_of(open_default(where_)), ElementsAre("powercap:package-0", "powercap:dram"));
    add_radeon();
    EXPECT_THAT(names_of(open_default(where_)), ElementsAre("hwmon:amdgpu"));
}

TEST_F(Registry, TheDefaultLeavesOutWhatCannotBeRead) {
    add_rapl();
    tree_.remove("sys/class/powercap/intel-rapl:0:1/energy_uj");
    EXPECT_THAT(names_of(open_default(where_)), ElementsAre("powercap:package-0"));
}

TEST_F(Registry, WithNothingToMeasureItSaysWhatWasLookedAtAndTheWayOut) {
    for (const auto& devices : {open_default(where_), open("all", where_)}) {
        ASSERT_FALSE(devices);
        EXPECT_EQ(devices.error().kind, Kind::unavailable);
        EXPECT_THAT(devices.error().message, HasSubstr("nvml: "));
        EXPECT_THAT(devices.error().message, HasSubstr("hwmon: "));
        EXPECT_THAT(devices.error().message, HasSubstr("powercap: no RAPL zones"));
        EXPECT_THAT(devices.error().message, HasSubstr("joulemark doctor"));
        EXPECT_THAT(devices.error().message, HasSubstr("sim:h200"));
    }
}

TEST_F(Registry, SimulatedDevicesComeByName) {
    EXPECT_EQ(names_of(open("sim:h200*2", where_)).size(), 2U);
    EXPECT_FALSE(open("sim:no-such-gpu", where_));
}

TEST_F(Registry, AnUnknownNameIsMetWithWhatIsThere) {
    add_radeon();
    const auto devices = open("hwmon:amdgpi", where_);
    ASSERT_FALSE(devices);
    EXPECT_EQ(devices.error().kind, Kind::not_found);
    EXPECT_THAT(devices.error().message, HasSubstr("did you mean hwmon:amdgpu?"));
    EXPECT_THAT(devices.error().message, HasSubstr("There is hwmon:amdgpu"));
}

TEST_F(Registry, AnUnknownKindOfDeviceIsMetWithTheFormsOfNames) {
    for (const char* name : {"", "h200", "gpu0", "nvlm:0", ":", "sims:h200"}) {
        const auto devices = open(name, where_);
        ASSERT_FALSE(devices) << name;
        EXPECT_EQ(devices.error().kind, Kind::not_found);
        EXPECT_THAT(devices.error().message, HasSubstr("replay:FILE"));
    }
    EXPECT_THAT(open("nvlm:0", where_).error().message, HasSubstr("did you mean nvml:0?"));
    EXPECT_THAT(open("simh200", where_).error().message, HasSubstr("did you mean sim:h200?"));
    EXPECT_THAT(open("completely-different", where_).error().message,
                Not(HasSubstr("did you mean")));
}

TEST_F(Registry, ManyDevicesAreNotAllListedInAMessage) {
    for (int i = 0; i < 20; ++i) {
        tree_.add_hwmon(i, "chip" + std::to_string(i), "", {{"power1_input", "1000000"}});
    }
    EXPECT_THAT(open("hwmon:nothing", where_).error().message,
                HasSubstr("and 12 more (joulemark devices)"));
}

TEST_F(Registry, HostileNamesAreShownHarmless) {
    for (const std::string& name : {std::string("\x1b]0;owned\a"),
                                    std::string("hwmon:\x1b[2J"),
                                    std::string(1'000'000, 'x'),
                                    "powercap:" + std::string(1'000'000, '\xff'),
                                    std::string("hwmon:\0x", 8)}) {
        const auto devices = open(name, where_);
        ASSERT_FALSE(devices);
        EXPECT_EQ(devices.error().message.find('\x1b'), std::string::npos);
        EXPECT_LT(devices.error().message.size(), 600U);
    }
}

TEST_F(Registry, ADeviceThatIsThereButUnreadableIsAPermissionErrorAndNotAnUnknownName) {
    add_rapl();
    tree_.forbid("sys/class/powercap/intel-rapl:0/energy_uj");
    const fakes::Unprivileged ordinary_user;
    EXPECT_EQ(open("powercap:package-0", where_).error().kind, Kind::permission);
}

TEST_F(Registry, TheSurveyListsWhatIsThereWithItsProblemsAndOneReportForEachBackEnd) {
    add_radeon();
    add_rapl();
    tree_.forbid("sys/class/powercap/intel-rapl:0/energy_uj");
    const fakes::Unprivileged ordinary_user;
    const Inventory inventory = survey(where_);
    ASSERT_EQ(inventory.devices.size(), 5U);
    EXPECT_EQ(inventory.devices[0].info.name, "hwmon:amdgpu");
    EXPECT_FALSE(inventory.devices[0].problem);
    EXPECT_EQ(inventory.devices[1].problem->kind, Kind::permission);
    ASSERT_EQ(inventory.backends.size(), 3U);
    EXPECT_EQ(inventory.backends[0].backend, "nvml");
    EXPECT_FALSE(inventory.backends[0].usable);
    EXPECT_THAT(inventory.backends[0].mend, Not(IsEmpty()));
    EXPECT_EQ(inventory.backends[1].finding, "1 power or energy sensor: hwmon:amdgpu");
    EXPECT_THAT(inventory.backends[1].mend, IsEmpty());
    EXPECT_TRUE(inventory.backends[2].usable);
    EXPECT_THAT(inventory.backends[2].mend, HasSubstr("CVE-2020-8694"));
}

TEST_F(Registry, TheEnvironmentNamesLibraryRootAndVisibleGpus) {
    setenv("JOULEMARK_NVML_LIBRARY", "/opt/fake.so", 1);
    setenv("JOULEMARK_SYSFS_ROOT", "/host/sys", 1);
    setenv("CUDA_VISIBLE_DEVICES", "", 1);
    const Surroundings there = Surroundings::from_environment(clock_);
    EXPECT_EQ(there.nvml_library, "/opt/fake.so");
    EXPECT_EQ(there.sysfs_root, "/host/sys");
    EXPECT_EQ(there.cuda_visible_devices, ""); // set and empty: no GPU is visible
    unsetenv("JOULEMARK_NVML_LIBRARY");
    unsetenv("JOULEMARK_SYSFS_ROOT");
    unsetenv("CUDA_VISIBLE_DEVICES");
    const Surroundings plain = Surroundings::from_environment(clock_);
    EXPECT_EQ(plain.nvml_library, "");
    EXPECT_EQ(plain.sysfs_root, "/sys");
    EXPECT_EQ(plain.cuda_visible_devices, std::nullopt);
}

DeviceInfo device(std::string name, Boundary boundary) {
    DeviceInfo info;
    info.backend = name.substr(0, name.find(':'));
    info.name = std::move(name);
    info.boundary = boundary;
    return info;
}

TEST(Duplicates, TheSameNameOrUuidIsTheSameDevice) {
    DeviceInfo by_index = device("nvml:0", Boundary::gpu_board);
    DeviceInfo by_uuid = device("nvml:GPU-1234", Boundary::gpu_board);
    DeviceInfo other = device("nvml:1", Boundary::gpu_board);
    EXPECT_EQ(find_duplicate(std::vector{by_index, other, by_index}), "nvml:0 is named twice");
    EXPECT_EQ(find_duplicate(std::vector{by_index, by_uuid}),
              std::nullopt); // neither says who it is
    by_index.uuid = "GPU-1234";
    by_uuid.uuid = "GPU-1234";
    other.uuid = "GPU-5678";
    EXPECT_EQ(find_duplicate(std::vector{by_index, other, by_uuid}),
              "nvml:0 and nvml:GPU-1234 are the same device");
    EXPECT_EQ(find_duplicate(std::vector{by_index, other}), std::nullopt);
}

} // namespace
} // namespace joulemark::device
