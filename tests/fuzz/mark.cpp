// Marks come from the measured command: whatever it sends, what is understood can be sent again,
// and what a ledger makes of it is a list of ordered windows.
#include "workload/mark.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace joulemark;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    workload::MarkLedger ledger;
    const Instant received = instant_at(1'000'000'000);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const auto event = workload::parse_mark(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!event) {
            continue;
        }
        const auto again = workload::parse_mark(workload::format_mark(*event));
        if (!again || *again != *event) {
            std::abort();
        }
        static_cast<void>(ledger.add(*event, received));
    }
    for (const Mark& mark : ledger.marks(received)) {
        if (mark.window.end < mark.window.begin) {
            std::abort();
        }
    }
    return 0;
}
