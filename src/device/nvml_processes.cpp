#include "device/nvml_processes.hpp"

#include "core/units.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_library.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace joulemark::device::nvml {

namespace {

struct List {
    Return (*ask)(Handle, std::uint32_t*, void*) = nullptr;
    std::size_t element_size = 0;
};

List newest_list(const Functions& f) {
    if (f.processes_v3 != nullptr) {
        // Driver series 530 put one more word into the element and took it out again later.
        const bool is_530 = f.has_confidential_memory_size && !f.has_process_detail_list;
        return {f.processes_v3, is_530 ? sizeof(ProcessInfo530) : sizeof(ProcessInfoV2)};
    }
    if (f.processes_v2 != nullptr) {
        return {f.processes_v2, sizeof(ProcessInfoV2)};
    }
    return {f.processes_v1, sizeof(ProcessInfoV1)};
}

// pid and memory stand at the same offsets in all three.
GpuProcess process_at(std::span<const std::byte> element) {
    ProcessInfoV1 raw{};
    std::memcpy(&raw, element.data(), sizeof raw);
    GpuProcess process{.pid = raw.pid, .memory = std::nullopt};
    if (raw.used_memory_bytes != memory_unknown) {
        process.memory = Bytes{static_cast<double>(raw.used_memory_bytes)};
    }
    return process;
}

} // namespace

std::optional<std::vector<GpuProcess>> processes_on(const Library& library, Handle handle) {
    const List list = newest_list(library.call());
    if (list.ask == nullptr) {
        return std::nullopt;
    }
    constexpr std::uint32_t most_processes = 1U << 16U;
    std::uint32_t room = 64;
    // The list may grow between two calls, so there is always more room than was asked for.
    for (int attempt = 0; attempt < 4; ++attempt) {
        std::vector<std::byte> buffer(room * std::max(list.element_size, sizeof(ProcessInfo530)));
        std::uint32_t count = room;
        const Return code = list.ask(handle, &count, buffer.data());
        if (code == Return::insufficient_size && count <= most_processes) {
            room = std::max(count, room) * 2;
            continue;
        }
        if (code != Return::success) {
            return std::nullopt;
        }
        std::vector<GpuProcess> processes;
        for (std::size_t i = 0; i < std::min(count, room); ++i) {
            processes.push_back(
                process_at(std::span(buffer).subspan(i * list.element_size, list.element_size)));
        }
        return processes;
    }
    return std::nullopt;
}

std::optional<std::size_t> other_processes(const Library& library, Handle handle) {
    const auto processes = processes_on(library, handle);
    if (!processes) {
        return std::nullopt;
    }
    const auto own = static_cast<std::uint32_t>(getpid());
    return static_cast<std::size_t>(
        std::ranges::count_if(*processes, [&](const GpuProcess& p) { return p.pid != own; }));
}

} // namespace joulemark::device::nvml
