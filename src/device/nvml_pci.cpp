#include "device/nvml_pci.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace joulemark::device {

namespace {

std::optional<std::uint32_t> parse_hex(std::string_view text, std::uint32_t limit) {
    std::uint32_t value = 0;
    const char* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, value, 16);
    if (error != std::errc{} || end != last || value > limit) {
        return std::nullopt;
    }
    return value;
}

// Takes what stands behind the last `separator` off `text`; empty when it is not there.
std::string_view take_last(std::string_view& text, char separator) {
    const std::size_t at = text.rfind(separator);
    if (at == std::string_view::npos) {
        return {};
    }
    const std::string_view tail = text.substr(at + 1);
    text = text.substr(0, at);
    return tail;
}

} // namespace

std::optional<PciAddress> parse_pci_address(std::string_view text) {
    text = trim(text);
    const bool has_function = text.find('.') != std::string_view::npos;
    const auto function = parse_hex(has_function ? take_last(text, '.') : "0", 7);
    const auto device = parse_hex(take_last(text, ':'), 0x1F);
    const bool has_domain = text.find(':') != std::string_view::npos;
    const auto bus = parse_hex(has_domain ? take_last(text, ':') : text, 0xFF);
    const auto domain = parse_hex(has_domain ? text : "0", 0xFFFFFFFF);
    if (!function || !device || !bus || !domain || (!has_domain && !has_function)) {
        return std::nullopt;
    }
    return PciAddress{*domain, *bus, *device, *function};
}

std::string to_string(const PciAddress& address) {
    return fmt::format(
        "{:04x}:{:02x}:{:02x}.{:x}", address.domain, address.bus, address.device, address.function);
}

} // namespace joulemark::device
