// PCI addresses as NVML ("00000000:65:00.0"), sysfs ("0000:65:00.0") and people ("65:00.0") write
// them. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace joulemark::device {

struct PciAddress {
    std::uint32_t domain = 0;
    std::uint32_t bus = 0;
    std::uint32_t device = 0;
    std::uint32_t function = 0;
    friend auto operator<=>(const PciAddress&, const PciAddress&) = default;
};

// "domain:bus:device.function", "domain:bus:device" or "bus:device.function", hexadecimal; nothing
// for anything else.
[[nodiscard]] std::optional<PciAddress> parse_pci_address(std::string_view text);

// As sysfs writes it: "0000:65:00.0".
[[nodiscard]] std::string to_string(const PciAddress& address);

} // namespace joulemark::device
