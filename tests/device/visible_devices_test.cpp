#include "device/visible_devices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace joulemark::device {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Four GPUs whose order differs from that of their PCI addresses: 2, 0, 3, 1.
const std::vector<GpuIdentity> machine{
    {.uuid = "GPU-aaaa1111-0000", .pci_bus_id = "0000:3b:00.0", .product = "H200", .mig_uuids = {}},
    {.uuid = "GPU-aaaa2222-0000", .pci_bus_id = "0001:01:00.0", .product = "H200", .mig_uuids = {}},
    {.uuid = "GPU-bbbb3333-0000", .pci_bus_id = "0000:17:00.0", .product = "H200", .mig_uuids = {}},
    {.uuid = "GPU-cccc4444-0000",
     .pci_bus_id = "00000000:D8:00.0",
     .product = "H200",
     .mig_uuids = {"MIG-1111", "MIG-2222"}}};

std::vector<std::size_t> visible(const char* variable) {
    return visible_gpus(variable, machine).order;
}

TEST(VisibleDevices, WithoutTheVariableAllAreVisible) {
    const VisibleGpus all = visible_gpus(std::nullopt, machine);
    EXPECT_THAT(all.order, ElementsAre(0, 1, 2, 3));
    EXPECT_THAT(all.notes, IsEmpty());
}

TEST(VisibleDevices, NumbersCountInPciOrder) {
    EXPECT_THAT(visible("0"), ElementsAre(2));
    EXPECT_THAT(visible("3,1"), ElementsAre(1, 0));
    EXPECT_THAT(visible("0,1,2,3"), ElementsAre(2, 0, 3, 1));
    EXPECT_THAT(visible(" 1 , 2 "), ElementsAre(0, 3));
}

TEST(VisibleDevices, AnEmptyOrNegativeListHidesAll) {
    EXPECT_THAT(visible(""), IsEmpty());
    EXPECT_THAT(visible("-1"), IsEmpty());
    EXPECT_THAT(visible("-1,0"), IsEmpty());
    EXPECT_THAT(visible("NoDevFiles"), IsEmpty());
    EXPECT_THAT(visible("void"), IsEmpty());
    EXPECT_THAT(visible("all"), IsEmpty());
}

TEST(VisibleDevices, TheListEndsAtTheFirstEntryThatNamesNothing) {
    EXPECT_THAT(visible("1,-1,2"), ElementsAre(0));
    EXPECT_THAT(visible("1,7,2"), ElementsAre(0));
    EXPECT_THAT(visible("1,,2"), ElementsAre(0));
    EXPECT_THAT(visible("1,x,2"), ElementsAre(0));
    EXPECT_THAT(visible("1,99999999999999999999999,2"), ElementsAre(0));
}

TEST(VisibleDevices, NumbersAreReadAsCudaReadsThem) {
    EXPECT_THAT(visible("1gpu2,2ampere"), ElementsAre(0, 3));
    EXPECT_THAT(visible("+1"), ElementsAre(0));
}

TEST(VisibleDevices, AnEntryNamedTwiceHidesAll) {
    const VisibleGpus none = visible_gpus("0,1,0", machine);
    EXPECT_THAT(none.order, IsEmpty());
    EXPECT_EQ(none.notes.size(), 1U);
    EXPECT_THAT(visible("GPU-aaaa1,GPU-aaaa1"), IsEmpty());
    EXPECT_THAT(visible("MIG-1111,MIG-1111"), IsEmpty());
}

TEST(VisibleDevices, UuidsAndTheirUniqueBeginnings) {
    EXPECT_THAT(visible("GPU-bbbb3333-0000"), ElementsAre(2));
    EXPECT_THAT(visible("GPU-c,GPU-aaaa2"), ElementsAre(3, 1));
    EXPECT_THAT(visible("GPU-aaaa"), IsEmpty()); // two begin like this
    EXPECT_THAT(visible("GPU-b,GPU-dddd,GPU-c"), ElementsAre(2));
}

TEST(VisibleDevices, TheFirstEntryDecidesTheForm) {
    EXPECT_THAT(visible("GPU-bbbb,1"), ElementsAre(2));
    EXPECT_THAT(visible("1,GPU-bbbb"), ElementsAre(0));
    EXPECT_THAT(visible("MIG-1111,GPU-bbbb"), ElementsAre(3));
}

TEST(VisibleDevices, MigInstancesShowTheirGpuOnce) {
    const VisibleGpus one = visible_gpus("MIG-2222,MIG-1111", machine);
    EXPECT_THAT(one.order, ElementsAre(3));
    EXPECT_EQ(one.notes.size(), 1U);
    EXPECT_THAT(visible("MIG-3333"), IsEmpty());
    EXPECT_THAT(visible("MIG-111"), IsEmpty()); // no beginnings here
    EXPECT_THAT(visible("MIG-GPU-bbbb3333-0000/2/0"), ElementsAre(2));
    EXPECT_THAT(visible("MIG-GPU-eeee/2/0"), IsEmpty());
}

TEST(VisibleDevices, TheOrderIsOnlyWorthANoteWhenTheGpusDiffer) {
    EXPECT_THAT(visible_gpus("0", machine).notes, IsEmpty());
    std::vector<GpuIdentity> mixed = machine;
    mixed[1].product = "A2";
    EXPECT_EQ(visible_gpus("0", mixed).notes.size(), 1U);
    EXPECT_THAT(visible_gpus("GPU-bbbb", mixed).notes, IsEmpty());
}

TEST(VisibleDevices, GpusWithoutPciAddressCountLast) {
    std::vector<GpuIdentity> some = machine;
    some[2].pci_bus_id = "";
    EXPECT_THAT(visible_gpus("0,3", some).order, ElementsAre(0, 2));
}

TEST(VisibleDevices, AMachineWithoutGpusShowsNone) {
    EXPECT_THAT(visible_gpus("0", {}).order, IsEmpty());
    EXPECT_THAT(visible_gpus(std::nullopt, {}).order, IsEmpty());
}

TEST(VisibleDevices, AFullUuidWinsOverOneThatItBegins) {
    const std::vector<GpuIdentity> two{
        {.uuid = "GPU-1", .pci_bus_id = "", .product = "", .mig_uuids = {}},
        {.uuid = "GPU-12", .pci_bus_id = "", .product = "", .mig_uuids = {}}};
    EXPECT_EQ(gpu_with_uuid_prefix("GPU-1", two), 0U);
    EXPECT_EQ(gpu_with_uuid_prefix("GPU-12", two), 1U);
    EXPECT_FALSE(gpu_with_uuid_prefix("GPU-", two));
}

// Whatever the variable says, the order holds existing GPUs, each once.
RC_GTEST_PROP(VisibleDevicesProperty,
              TheOrderIsASubsetOfTheMachine,
              (const std::string& variable)) {
    const VisibleGpus visible = visible_gpus(variable, machine);
    const std::set<std::size_t> distinct(visible.order.begin(), visible.order.end());
    RC_ASSERT(distinct.size() == visible.order.size());
    RC_ASSERT(std::ranges::all_of(visible.order, [](std::size_t i) { return i < machine.size(); }));
}

// The list of distinct valid numbers comes back complete and in its order.
RC_GTEST_PROP(VisibleDevicesProperty, EveryPermutationOfNumbersIsKept, ()) {
    std::vector<std::size_t> numbers{0, 1, 2, 3};
    for (std::size_t i = 0; i + 1 < numbers.size(); ++i) {
        std::swap(numbers[i], numbers[*rc::gen::inRange(i, numbers.size())]);
    }
    std::string variable;
    for (const std::size_t number : numbers) {
        variable += (variable.empty() ? "" : ",") + std::to_string(number);
    }
    const std::vector<std::size_t> by_pci{2, 0, 3, 1};
    std::vector<std::size_t> expected;
    for (const std::size_t number : numbers) {
        expected.push_back(by_pci[number]);
    }
    RC_ASSERT(visible_gpus(variable, machine).order == expected);
}

} // namespace
} // namespace joulemark::device
