// CUDA_VISIBLE_DEVICES and PCI addresses come from outside: whatever they say, the answer is made
// of GPUs that are there, each once.
#include "device/visible_devices.hpp"

#include "device/nvml_pci.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace joulemark::device;
    static const std::vector<GpuIdentity> machine{
        {.uuid = "GPU-11",
         .pci_bus_id = "0:2:0.0",
         .product = "a",
         .mig_uuids = {"MIG-1", "MIG-2"}},
        {.uuid = "GPU-12", .pci_bus_id = "0:1:0.0", .product = "b", .mig_uuids = {}},
        {.uuid = "GPU-2", .pci_bus_id = "", .product = "b", .mig_uuids = {"MIG-3"}}};
    const std::string text(reinterpret_cast<const char*>(data), size);
    const VisibleGpus visible = visible_gpus(text, machine);
    const std::set<std::size_t> distinct(visible.order.begin(), visible.order.end());
    if (distinct.size() != visible.order.size() ||
        (!distinct.empty() && *distinct.rbegin() >= machine.size())) {
        std::abort();
    }
    if (const auto address = parse_pci_address(text)) {
        if (parse_pci_address(to_string(*address)) != address) {
            std::abort();
        }
    }
    return 0;
}
