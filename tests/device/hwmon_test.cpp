#include "device/hwmon_device.hpp"
#include "fakes/sysfs/sysfs_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace joulemark::device {
namespace {

using fakes::FileContents;
using fakes::SysfsTree;
using fakes::Unprivileged;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const FileContents radeon = {{"power1_average", "95000000"},
                             {"power1_input", "97000000"},
                             {"power1_cap", "203000000"},
                             {"power1_cap_default", "203000000"},
                             {"power1_cap_max", "233000000"},
                             {"power1_cap_min", "0"},
                             {"temp1_input", "51000"},
                             {"temp1_label", "edge"},
                             {"temp2_input", "60000"},
                             {"temp2_label", "junction"},
                             {"temp3_input", "66000"},
                             {"temp3_label", "mem"},
                             {"freq1_input", "2575000000"},
                             {"freq2_input", "1124000000"}};

class Hwmon : public testing::Test {
protected:
    [[nodiscard]] Surroundings where() {
        Surroundings w;
        w.sysfs_root = tree_.sysfs();
        w.clock = &clock_;
        return w;
    }
    [[nodiscard]] std::unique_ptr<Device> only(std::string_view selector) {
        auto devices = open_hwmon(selector, where());
        if (!devices || devices->size() != 1) {
            ADD_FAILURE() << selector << ": "
                          << (devices ? "not one device" : devices.error().describe());
            return nullptr;
        }
        return std::move(devices->front());
    }
    [[nodiscard]] std::vector<std::string> names() {
        std::vector<std::string> found;
        for (const HwmonMeter& meter : find_hwmon_meters(tree_.sysfs()).meters) {
            found.push_back(meter.info.name);
        }
        return found;
    }
    [[nodiscard]] HwmonMeter first_meter() { return find_hwmon_meters(tree_.sysfs()).meters.at(0); }

    SysfsTree tree_;
    ManualClock clock_;
};

TEST_F(Hwmon, ARadeonReportsPowerTemperaturesClocksAndLimits) {
    tree_.add_hwmon(3, "amdgpu", "0000:03:00.0", radeon);
    tree_.write("sys/devices/pci0000:00/0000:03:00.0/gpu_busy_percent", "42\n");
    tree_.write("sys/devices/pci0000:00/0000:03:00.0/mem_info_vram_total", "17163091968\n");
    tree_.write("sys/devices/pci0000:00/0000:03:00.0/vendor", "0x1002\n");
    tree_.write("sys/devices/pci0000:00/0000:03:00.0/device", "0x744c\n");
    const auto device = only("amdgpu");

    const DeviceInfo& info = device->info();
    EXPECT_EQ(info.name, "hwmon:amdgpu");
    EXPECT_EQ(info.product, "AMD GPU (PCI 1002:744c)");
    EXPECT_EQ(info.pci_bus_id, "0000:03:00.0");
    EXPECT_EQ(info.boundary, Boundary::gpu_board);
    EXPECT_EQ(info.power_limit, 203_W);
    EXPECT_EQ(info.power_limit_max, 233_W);
    EXPECT_EQ(info.power_limit_min, std::nullopt); // 0 W is no limit anyone can set
    EXPECT_EQ(info.memory_total, Bytes{17163091968.0});
    EXPECT_EQ(info.power_sensor->field, "hwmon amdgpu power1_input");
    EXPECT_EQ(info.average_sensor->field, "hwmon amdgpu power1_average");
    EXPECT_EQ(info.power_sensor->origin, Source::assumed);
    EXPECT_FALSE(info.counter);

    const auto fast = device->read_fast();
    ASSERT_TRUE(fast);
    EXPECT_EQ(fast->power, 97_W);
    EXPECT_EQ(fast->average_power, 95_W);
    EXPECT_FALSE(fast->energy_counter);
    const auto slow = device->read_slow();
    ASSERT_TRUE(slow);
    EXPECT_EQ(slow->temperature, Celsius{51.0});
    EXPECT_EQ(slow->memory_temperature, Celsius{66.0});
    EXPECT_EQ(slow->sm_clock, Hertz{2.575e9});
    EXPECT_EQ(slow->memory_clock, Hertz{1.124e9});
    EXPECT_EQ(slow->power_limit, 203_W);
    EXPECT_DOUBLE_EQ(*slow->utilisation, 0.42);
    EXPECT_FALSE(slow->memory_utilisation);
}

TEST_F(Hwmon, AveragedPowerAloneIsThePowerAndSaysSo) {
    tree_.add_hwmon(0, "amdgpu", "0000:03:00.0", {{"power1_average", "31000000"}});
    const auto device = only("amdgpu");
    EXPECT_EQ(device->read_fast()->power, 31_W);
    EXPECT_FALSE(device->read_fast()->average_power);
    EXPECT_EQ(device->info().power_sensor->field, "hwmon amdgpu power1_average");
    EXPECT_FALSE(device->info().average_sensor);
    EXPECT_THAT(device->info().notes, Contains(HasSubstr("averaged")));
}

TEST_F(Hwmon, AnApuSaysThatItsPowerIncludesTheCpu) {
    tree_.add_hwmon(
        0, "amdgpu", "0000:c1:00.0", {{"power1_average", "9000000"}, {"in1_label", "vddnb"}});
    EXPECT_EQ(first_meter().info.boundary, Boundary::module);
    EXPECT_THAT(first_meter().info.notes, Contains(HasSubstr("CPU and the GPU")));
}

TEST_F(Hwmon, AnMi300aIsKnownByItsPciId) {
    tree_.add_hwmon(0, "amdgpu", "0000:c1:00.0", {{"power1_input", "200000000"}});
    tree_.write("sys/devices/pci0000:00/0000:c1:00.0/device", "0x74a0\n");
    EXPECT_EQ(first_meter().info.boundary, Boundary::module);
}

TEST_F(Hwmon, AnIntelGpuReportsItsCounterAlone) {
    tree_.add_hwmon(
        4,
        "i915",
        "0000:4d:00.0",
        {{"energy1_input", "5000000"}, {"power1_max", "0"}, {"power1_rated_max", "120000000"}});
    const auto device = only("i915");
    const auto fast = device->read_fast();
    ASSERT_TRUE(fast);
    EXPECT_EQ(fast->energy_counter, 5_J);
    EXPECT_FALSE(fast->power);
    EXPECT_FALSE(device->info().power_sensor);
    EXPECT_EQ(device->info().counter->field, "hwmon i915 energy1_input");
    EXPECT_FALSE(device->info().power_limit); // 0 means that the limit is off
    EXPECT_EQ(device->info().power_limit_default, 120_W);
    EXPECT_THAT(device->info().notes, Contains(HasSubstr("once a minute")));
}

TEST_F(Hwmon, ATileIsNotTheGpuAndNeverAddedToIt) {
    tree_.add_hwmon(4, "i915", "0000:4d:00.0", {{"energy1_input", "5000000"}});
    tree_.add_hwmon(5, "i915_gt0", "0000:4d:00.0", {{"energy1_input", "2000000"}});
    const auto meters = find_hwmon_meters(tree_.sysfs()).meters;
    ASSERT_EQ(meters.size(), 2U);
    EXPECT_TRUE(meters[0].is_gpu);
    EXPECT_EQ(meters[1].info.name, "hwmon:i915_gt0");
    EXPECT_FALSE(meters[1].is_gpu);
    EXPECT_EQ(meters[1].info.boundary, Boundary::unknown);
}

TEST_F(Hwmon, XeIsMeasuredAtTheCard) {
    tree_.add_hwmon(1,
                    "xe",
                    "0000:03:00.0",
                    {{"energy1_input", "7000000"},
                     {"energy1_label", "card"},
                     {"energy2_input", "4000000"},
                     {"energy2_label", "pkg"},
                     {"power1_max", "190000000"},
                     {"temp2_label", "pkg"},
                     {"temp2_input", "40000"},
                     {"temp3_label", "vram"},
                     {"temp3_input", "52000"}});
    const auto device = only("xe");
    EXPECT_EQ(device->info().name, "hwmon:xe");
    EXPECT_EQ(device->read_fast()->energy_counter, 7_J);
    EXPECT_EQ(device->read_slow()->temperature, Celsius{40.0});
    EXPECT_EQ(device->read_slow()->memory_temperature, Celsius{52.0});
    EXPECT_EQ(device->info().power_limit, 190_W);
}

TEST_F(Hwmon, XeWithoutACardCounterIsMeasuredAtThePackageAndSaysSo) {
    tree_.add_hwmon(
        1, "xe", "0000:03:00.0", {{"energy1_input", "0"}, {"energy2_input", "4000000"}});
    const auto device = only("xe");
    EXPECT_EQ(device->read_fast()->energy_counter, 4_J);
    EXPECT_THAT(device->info().notes, Contains(HasSubstr("package, not the whole card")));
}

TEST_F(Hwmon, AnAcpiMeterIsReadBesideItsDeviceAndKnownByItsLabel) {
    const auto add = [&](int n, const char* label, const char* power) {
        const std::string device = "sys/devices/LNXSYSTM:00/ACPI000D:0" + std::to_string(n);
        tree_.write(device + "/power1_average", std::string(power) + "\n");
        tree_.write(device + "/power1_average_interval", "50\n");
        tree_.write(device + "/power1_oem_info", std::string(label) + "\n");
        tree_.write(device + "/name", "power_meter\n");
        tree_.make_folder(device + "/hwmon/hwmon" + std::to_string(n));
        tree_.link(device + "/hwmon/hwmon" + std::to_string(n) + "/device", tree_.path(device));
        tree_.link("sys/class/hwmon/hwmon" + std::to_string(n),
                   tree_.path(device + "/hwmon/hwmon" + std::to_string(n)));
    };
    add(1, "Module Power Socket 0", "600000000");
    add(2, "Grace Power Socket 0", "150000000");
    add(3, "CPU Power Socket 0", "90000000");
    add(4, "", "800000000");
    const auto meters = find_hwmon_meters(tree_.sysfs()).meters;
    ASSERT_EQ(meters.size(), 4U);
    EXPECT_EQ(meters[0].info.name, "hwmon:power_meter.1");
    EXPECT_EQ(meters[0].info.product, "ACPI power meter, Module Power Socket 0");
    EXPECT_EQ(meters[0].info.boundary, Boundary::module);
    EXPECT_EQ(meters[1].info.boundary, Boundary::cpu_package);
    EXPECT_EQ(meters[2].info.boundary, Boundary::cpu_core);
    EXPECT_EQ(meters[3].info.boundary, Boundary::system);
    EXPECT_EQ(meters[0].info.power_sensor->averaging_window, 50_ms);
    EXPECT_EQ(open_hwmon("power_meter", where())->size(), 4U);
    EXPECT_EQ(only("power_meter.2")->read_fast()->power, 150_W);
}

TEST_F(Hwmon, OtherChipsAreMeasuredSensorBySensorAndNeverAddedUp) {
    tree_.add_hwmon(0,
                    "ina3221",
                    "",
                    {{"power1_input", "1000000"},
                     {"power1_label", "VDD_GPU"},
                     {"power2_input", "2000000"},
                     {"energy3_input", "3000000"}});
    EXPECT_THAT(
        names(),
        ElementsAre("hwmon:ina3221/power1", "hwmon:ina3221/power2", "hwmon:ina3221/energy3"));
    EXPECT_EQ(only("ina3221/power2")->read_fast()->power, 2_W);
    EXPECT_EQ(first_meter().info.product, "ina3221, VDD_GPU");
    EXPECT_EQ(first_meter().info.boundary, Boundary::unknown);
}

TEST_F(Hwmon, AmdSocketsAreListedWithoutTheirCores) {
    tree_.add_hwmon(0,
                    "zenergy",
                    "",
                    {{"energy1_input", "1"},
                     {"energy1_label", "Ecore000"},
                     {"energy2_input", "2"},
                     {"energy2_label", "Ecore001"},
                     {"energy3_input", "9000000"},
                     {"energy3_label", "Esocket0"}});
    EXPECT_THAT(names(), ElementsAre("hwmon:zenergy"));
    EXPECT_EQ(first_meter().info.boundary, Boundary::cpu_package);
    EXPECT_EQ(only("zenergy")->read_fast()->energy_counter, 9_J);
}

TEST_F(Hwmon, TwoChipsOfOneNameAreNumberedByTheirPciAddress) {
    tree_.add_hwmon(2, "amdgpu", "0000:83:00.0", {{"power1_average", "2000000"}});
    tree_.add_hwmon(7, "amdgpu", "0000:03:00.0", {{"power1_average", "1000000"}});
    EXPECT_THAT(names(), ElementsAre("hwmon:amdgpu.1", "hwmon:amdgpu.2"));
    EXPECT_EQ(only("amdgpu.1")->read_fast()->power, 1_W);
    EXPECT_EQ(only("amdgpu.2")->read_fast()->power, 2_W);
    EXPECT_EQ(only("0000:83:00.0")->info().name, "hwmon:amdgpu.2");
    EXPECT_EQ(open_hwmon("amdgpu", where())->size(), 2U);
    EXPECT_EQ(open_hwmon("amdgpu.3", where()).error().kind, Kind::not_found);
    EXPECT_EQ(open_hwmon("amd", where()).error().kind, Kind::not_found);
}

TEST_F(Hwmon, ChipsWithoutPowerAreNoDevices) {
    tree_.add_hwmon(0, "coretemp", "", {{"temp1_input", "40000"}});
    tree_.add_hwmon(
        1, "nvme", "", {{"temp1_input", "30000"}, {"power1_cap", "5"}, {"powerx_input", "5"}});
    EXPECT_THAT(names(), IsEmpty());
    Inventory inventory;
    survey_hwmon(where(), inventory);
    ASSERT_EQ(inventory.backends.size(), 1U);
    EXPECT_FALSE(inventory.backends[0].usable);
    EXPECT_EQ(inventory.backends[0].finding, "none of the 2 hwmon chips measures power or energy");
    EXPECT_THAT(inventory.backends[0].mend, HasSubstr("amdgpu"));
}

TEST_F(Hwmon, AVirtualMachineIsToldToMeasureOnItsHost) {
    tree_.write("proc/cpuinfo", "processor\t: 0\nmodel name\t: X\nflags\t\t: fpu hypervisor lm\n");
    Inventory inventory;
    survey_hwmon(where(), inventory);
    EXPECT_EQ(inventory.backends.at(0).finding, "the kernel shows no hwmon sensors");
    EXPECT_THAT(inventory.backends.at(0).mend, HasSubstr("virtual machine"));
}

TEST_F(Hwmon, AnUnreadableSensorIsListedWithTheReason) {
    const std::string folder =
        tree_.add_hwmon(0, "amdgpu", "0000:03:00.0", {{"power1_average", "1000000"}});
    tree_.forbid(folder + "/power1_average");
    const Unprivileged ordinary_user;
    ASSERT_TRUE(first_meter().problem);
    EXPECT_EQ(first_meter().problem->kind, Kind::permission);
    EXPECT_EQ(open_hwmon("amdgpu", where()).error().kind, Kind::permission);
    Inventory inventory;
    survey_hwmon(where(), inventory);
    EXPECT_FALSE(inventory.backends.at(0).usable);
    EXPECT_THAT(inventory.backends.at(0).finding, HasSubstr("Permission denied"));
    EXPECT_TRUE(inventory.devices.at(0).problem);
}

TEST_F(Hwmon, OneUnreadableFileOfTwoLeavesTheOther) {
    const std::string folder = tree_.add_hwmon(
        0, "amdgpu", "0000:03:00.0", {{"power1_average", "1000000"}, {"power1_input", "x"}});
    EXPECT_FALSE(first_meter().problem);
    const auto fast = only("amdgpu")->read_fast();
    ASSERT_TRUE(fast);
    EXPECT_FALSE(fast->power);
    EXPECT_EQ(fast->average_power, 1_W);
}

TEST_F(Hwmon, AFolderInPlaceOfTheSensorIsAProblem) {
    const std::string folder = tree_.add_hwmon(0, "amdgpu", "0000:03:00.0", {});
    tree_.make_folder(folder + "/power1_average");
    ASSERT_TRUE(first_meter().problem);
    EXPECT_EQ(first_meter().problem->kind, Kind::io);
}

TEST_F(Hwmon, GarbageIsAFailedReadingAndTheNextOneCounts) {
    const std::string folder =
        tree_.add_hwmon(0, "amdgpu", "0000:03:00.0", {{"power1_average", "1000000"}});
    const auto device = only("amdgpu");
    for (const std::string& garbage : {std::string("nonsense"),
                                       std::string(),
                                       std::string(100'000, '7'),
                                       std::string("-22"),
                                       std::string("4294967274000000")}) {
        tree_.write(folder + "/power1_average", garbage);
        const auto fast = device->read_fast();
        ASSERT_FALSE(fast) << garbage.substr(0, 20);
        EXPECT_EQ(fast.error().kind, Kind::unavailable);
        EXPECT_EQ(fast.error().context, "hwmon:amdgpu");
    }
    tree_.write(folder + "/power1_average", "2000000\n");
    EXPECT_EQ(device->read_fast()->power, 2_W);
}

TEST_F(Hwmon, AChipThatGoesAndComesBackUnderAnotherNumberIsFoundAgain) {
    tree_.add_hwmon(2, "i915", "0000:4d:00.0", {{"energy1_input", "900000000"}});
    const auto device = only("i915");
    EXPECT_EQ(device->read_fast()->energy_counter, 900_J);

    tree_.remove("sys/devices/pci0000:00/0000:4d:00.0");
    tree_.remove("sys/class/hwmon/hwmon2");
    EXPECT_EQ(device->read_fast().error().kind, Kind::not_found);
    EXPECT_EQ(device->reopen().error().kind, Kind::not_found);

    tree_.add_hwmon(6, "i915", "0000:4d:00.0", {{"energy1_input", "950000000"}});
    ASSERT_TRUE(device->reopen());
    // What it counted in between is not ours to know: the count starts over.
    EXPECT_EQ(device->read_fast()->energy_counter, 0_J);
}

TEST_F(Hwmon, ADriverReloadShowsAsACounterThatGoesBackwards) {
    const std::string folder =
        tree_.add_hwmon(2, "i915", "0000:4d:00.0", {{"energy1_input", "900000000"}});
    const auto device = only("i915");
    EXPECT_EQ(device->read_fast()->energy_counter, 900_J);
    clock_.advance(std::chrono::seconds{1});
    tree_.write(folder + "/energy1_input", "3000000\n");
    EXPECT_LT(*device->read_fast()->energy_counter, 900_J);
}

TEST_F(Hwmon, AnIntelCounterLeftAloneForTooLongStartsOver) {
    const std::string folder =
        tree_.add_hwmon(2, "xe", "0000:4d:00.0", {{"energy1_input", "900000000"}});
    const auto device = only("xe");
    EXPECT_EQ(device->read_fast()->energy_counter, 900_J);
    clock_.advance(std::chrono::minutes{1});
    tree_.write(folder + "/energy1_input", "901000000\n");
    EXPECT_EQ(device->read_fast()->energy_counter, 901_J);
    clock_.advance(std::chrono::minutes{5}); // 262 kJ at 1 kW: the register may have wrapped unseen
    tree_.write(folder + "/energy1_input", "902000000\n");
    EXPECT_EQ(device->read_fast()->energy_counter, 0_J);
}

TEST_F(Hwmon, HostileTextFromADriverReachesNoTerminal) {
    const std::string folder = tree_.add_hwmon(
        0, "bad\x1b[2Jchip", "", {{"power1_input", "1000000"}, {"power1_label", "\x1b]0;x\a"}});
    const HwmonMeter meter = first_meter();
    for (const std::string& text : {meter.chip,
                                    meter.info.name,
                                    meter.info.product,
                                    meter.info.driver.value(),
                                    meter.info.power_sensor->field}) {
        EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
    }
    EXPECT_EQ(open_hwmon("bad\\x1b[2Jchip", where())->size(), 1U);
}

// Whatever the files hold, a reading is a plausible number or an error.
TEST_F(Hwmon, AnyContentGivesAPlausibleReadingOrAnError) {
    const std::string folder = tree_.add_hwmon(
        0, "amdgpu", "0000:03:00.0", {{"power1_input", "1"}, {"energy1_input", "1"}});
    const auto device = only("amdgpu");
    const auto digits_or_junk = rc::gen::oneOf(
        rc::gen::arbitrary<std::string>(),
        rc::gen::map<std::int64_t>([](std::int64_t n) { return std::to_string(n); }));
    EXPECT_TRUE(rc::check([&] {
        tree_.write(folder + "/power1_input", *digits_or_junk);
        tree_.write(folder + "/energy1_input", *digits_or_junk);
        const auto fast = device->read_fast();
        RC_ASSERT(fast || fast.error().kind == Kind::unavailable);
        if (fast && fast->power) {
            RC_ASSERT(*fast->power >= 0_W);
            RC_ASSERT(*fast->power <= 100'000_W);
        }
        if (fast && fast->energy_counter) {
            RC_ASSERT(*fast->energy_counter >= 0_J);
        }
    }));
}

} // namespace
} // namespace joulemark::device
