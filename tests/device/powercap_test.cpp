#include "device/powercap_device.hpp"
#include "fakes/sysfs/sysfs_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace joulemark::device {
namespace {

using fakes::FileContents;
using fakes::SysfsTree;
using fakes::Unprivileged;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

FileContents zone(const char* energy_uj) {
    return {{"energy_uj", energy_uj}, {"max_energy_range_uj", "262143328850"}};
}

class Powercap : public testing::Test {
protected:
    [[nodiscard]] Surroundings where() {
        Surroundings w;
        w.sysfs_root = tree_.sysfs();
        w.clock = &clock_;
        return w;
    }
    [[nodiscard]] std::unique_ptr<Device> only(std::string_view selector) {
        auto devices = open_powercap(selector, where());
        if (!devices || devices->size() != 1) {
            ADD_FAILURE() << selector << ": "
                          << (devices ? "not one device" : devices.error().describe());
            return nullptr;
        }
        return std::move(devices->front());
    }
    [[nodiscard]] std::vector<std::string> names() {
        std::vector<std::string> found;
        for (const PowercapZone& z : find_powercap_zones(tree_.sysfs()).zones) {
            found.push_back(z.info.name);
        }
        return found;
    }
    [[nodiscard]] BackendReport report() {
        Inventory inventory;
        survey_powercap(where(), inventory);
        return inventory.backends.at(0);
    }
    void add_desktop() {
        tree_.add_zone("intel-rapl:0", "package-0", zone("1000000"));
        tree_.add_zone("intel-rapl:0:0", "core", zone("2000000"));
        tree_.add_zone("intel-rapl:0:1", "uncore", zone("3000000"));
        tree_.add_zone("intel-rapl:0:2", "dram", zone("4000000"));
        tree_.add_zone("intel-rapl:1", "psys", zone("5000000"));
    }

    SysfsTree tree_;
    ManualClock clock_;
};

TEST_F(Powercap, ZonesAreKnownByNameAndSayWhatTheyCover) {
    add_desktop();
    tree_.write("proc/cpuinfo", "model name\t: Intel(R) Core(TM) i9\n");
    EXPECT_THAT(names(),
                ElementsAre("powercap:package-0",
                            "powercap:core",
                            "powercap:uncore",
                            "powercap:dram",
                            "powercap:psys"));
    const auto zones = find_powercap_zones(tree_.sysfs()).zones;
    EXPECT_EQ(zones[0].info.boundary, Boundary::cpu_package);
    EXPECT_EQ(zones[1].info.boundary, Boundary::cpu_core);
    EXPECT_EQ(zones[2].info.boundary, Boundary::cpu_core);
    EXPECT_EQ(zones[3].info.boundary, Boundary::dram);
    EXPECT_EQ(zones[4].info.boundary, Boundary::system);
    EXPECT_EQ(zones[0].info.product, "Intel(R) Core(TM) i9, package-0");
    EXPECT_THAT(zones[1].info.notes, Contains(HasSubstr("do not add")));
}

TEST_F(Powercap, OnlyTheCounterIsReported) {
    add_desktop();
    const auto device = only("package-0");
    const auto fast = device->read_fast();
    ASSERT_TRUE(fast);
    EXPECT_EQ(fast->energy_counter, 1_J);
    EXPECT_FALSE(fast->power);
    EXPECT_FALSE(device->info().power_sensor);
    EXPECT_EQ(device->info().counter->field, "RAPL package-0 energy_uj");
    EXPECT_EQ(device->info().counter->tick, 1_ms);
    EXPECT_EQ(device->info().counter->origin, Source::assumed);
}

TEST_F(Powercap, AWrapCountsOn) {
    const std::string folder = tree_.add_zone("intel-rapl:0", "package-0", zone("262143000000"));
    const auto device = only("package-0");
    EXPECT_EQ(device->read_fast()->energy_counter, 262143_J);
    clock_.advance(std::chrono::seconds{30});
    tree_.write(folder + "/energy_uj", "1000000\n");
    EXPECT_NEAR(device->read_fast()->energy_counter->value(), 262144.32885, 1e-6);
}

TEST_F(Powercap, AResetGoesBackwards) {
    const std::string folder = tree_.add_zone("intel-rapl:0", "package-0", zone("90000000000"));
    const auto device = only("package-0");
    EXPECT_EQ(device->read_fast()->energy_counter, 90'000_J);
    clock_.advance(std::chrono::milliseconds{10});
    tree_.write(folder + "/energy_uj", "7000000\n");
    EXPECT_LT(*device->read_fast()->energy_counter, 90'000_J);
}

TEST_F(Powercap, ZonesOfSeveralPackagesCarryThePackagesNumber) {
    tree_.add_zone("intel-rapl:0", "package-1", zone("1000000"));
    tree_.add_zone("intel-rapl:0:0", "dram", zone("2000000"));
    tree_.add_zone("intel-rapl:1", "package-0", zone("3000000"));
    tree_.add_zone("intel-rapl:1:0", "dram", zone("4000000"));
    EXPECT_THAT(
        names(),
        ElementsAre(
            "powercap:package-1", "powercap:dram-1", "powercap:package-0", "powercap:dram-0"));
    EXPECT_EQ(only("dram-0")->read_fast()->energy_counter, 4_J);
    EXPECT_EQ(open_powercap("dram", where())->size(), 2U);
    EXPECT_EQ(open_powercap("package", where())->size(), 2U);
    EXPECT_EQ(open_powercap("pack", where()).error().kind, Kind::not_found);
}

TEST_F(Powercap, MmioZonesRepeatThePackagesAndAreSkipped) {
    tree_.add_zone("intel-rapl:0", "package-0", zone("1000000"));
    tree_.add_zone("intel-rapl-mmio:0", "package-0", zone("1000000"));
    tree_.make_folder("sys/class/powercap/intel-rapl");
    tree_.make_folder("sys/class/powercap/dtpm");
    EXPECT_THAT(names(), ElementsAre("powercap:package-0"));
}

TEST_F(Powercap, AnUnreadableCounterSaysExactlyWhatToDo) {
    const std::string folder = tree_.add_zone("intel-rapl:0", "package-0", zone("1000000"));
    tree_.forbid(folder + "/energy_uj");
    const Unprivileged ordinary_user;
    const auto devices = open_powercap("package-0", where());
    ASSERT_FALSE(devices);
    EXPECT_EQ(devices.error().kind, Kind::permission);
    EXPECT_THAT(devices.error().message, HasSubstr("CVE-2020-8694"));
    EXPECT_THAT(
        devices.error().message,
        HasSubstr("sudo chmod o+r " + tree_.path("sys/class/powercap/intel-rapl:0/energy_uj")));
    EXPECT_THAT(devices.error().message, HasSubstr("docs/howto/hwmon-and-rapl.md"));
    EXPECT_FALSE(report().usable);
    EXPECT_EQ(report().finding, "RAPL zones are there, and none can be read");
    EXPECT_THAT(report().mend, HasSubstr("udev"));
}

TEST_F(Powercap, AFolderInPlaceOfTheCounterIsAProblem) {
    const std::string folder = tree_.add_zone("intel-rapl:0", "package-0", {});
    tree_.make_folder(folder + "/energy_uj");
    EXPECT_EQ(open_powercap("package-0", where()).error().kind, Kind::io);
}

TEST_F(Powercap, GarbageIsAFailedReadingAndTheNextOneCounts) {
    const std::string folder = tree_.add_zone("intel-rapl:0", "package-0", zone("1000000"));
    const auto device = only("package-0");
    for (const std::string& garbage : {std::string("nonsense"),
                                       std::string(),
                                       std::string("-1"),
                                       std::string("262143328851"),
                                       std::string(100'000, '7')}) {
        tree_.write(folder + "/energy_uj", garbage);
        const auto fast = device->read_fast();
        ASSERT_FALSE(fast) << garbage.substr(0, 20);
        EXPECT_EQ(fast.error().kind, Kind::unavailable);
    }
    tree_.write(folder + "/energy_uj", "2000000\n");
    EXPECT_EQ(device->read_fast()->energy_counter, 2_J);
}

TEST_F(Powercap, WithoutARangeAWrapShowsAsAReset) {
    const std::string folder =
        tree_.add_zone("intel-rapl:0", "package-0", {{"energy_uj", "262143000000"}});
    const auto device = only("package-0");
    EXPECT_THAT(device->info().notes, Contains(HasSubstr("where the counter wraps")));
    (void)device->read_fast();
    clock_.advance(std::chrono::seconds{1});
    tree_.write(folder + "/energy_uj", "1000000\n");
    EXPECT_EQ(device->read_fast()->energy_counter, 0_J);
}

TEST_F(Powercap, AZoneThatVanishesIsLostAndFoundAgainUnderAnotherNumber) {
    tree_.add_zone("intel-rapl:0", "package-0", zone("1000000"));
    const auto device = only("package-0");
    ASSERT_TRUE(device->read_fast());
    tree_.remove("sys/devices/virtual/powercap");
    tree_.remove("sys/class/powercap/intel-rapl:0");
    EXPECT_EQ(device->read_fast().error().kind, Kind::not_found);
    EXPECT_EQ(device->reopen().error().kind, Kind::not_found);
    tree_.add_zone("intel-rapl:1", "package-0", zone("9000000"));
    ASSERT_TRUE(device->reopen());
    EXPECT_EQ(device->read_fast()->energy_counter, 0_J);
}

TEST_F(Powercap, TheLongTermLimitIsThePowerLimit) {
    FileContents files = zone("1");
    files.insert(files.end(),
                 {{"constraint_0_name", "short_term"},
                  {"constraint_0_power_limit_uw", "250000000"},
                  {"constraint_1_name", "long_term"},
                  {"constraint_1_power_limit_uw", "125000000"}});
    tree_.add_zone("intel-rapl:0", "package-0", files);
    const auto device = only("package-0");
    EXPECT_EQ(device->info().power_limit, 125_W);
    EXPECT_EQ(device->read_slow()->power_limit, 125_W);
}

TEST_F(Powercap, AMachineWithoutRaplIsToldWhy) {
    EXPECT_EQ(report().finding, "no RAPL zones");
    EXPECT_THAT(report().mend, HasSubstr("modprobe intel_rapl_msr"));
    tree_.write("proc/cpuinfo", "flags\t\t: fpu hypervisor\n");
    EXPECT_THAT(report().finding, HasSubstr("virtual machine"));
}

TEST_F(Powercap, AContainerThatMasksTheZonesIsToldHowToSeeThem) {
    tree_.link("sys/class/powercap/intel-rapl:0",
               tree_.path("sys/devices/virtual/powercap/intel-rapl/intel-rapl:0"));
    EXPECT_THAT(report().finding, HasSubstr("container hides"));
    EXPECT_THAT(report().mend, HasSubstr("JOULEMARK_SYSFS_ROOT=/host/sys"));
}

} // namespace
} // namespace joulemark::device
