#include "verbs/surroundings.hpp"

#include "core/text.hpp"
#include "verbs/runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace joulemark::verbs {

namespace {

Check backend_check(const device::BackendReport& report) {
    const Health health =
        report.usable ? (report.mend.empty() ? Health::good : Health::limited) : Health::limited;
    return {report.backend, health, report.finding, report.mend};
}

Check store_check(const Context& context) {
    auto store = open_store(context);
    if (!store) {
        return {"store",
                Health::bad,
                store.error().describe(),
                "name another file with --store, or set XDG_DATA_HOME"};
    }
    auto runs = (*store)->list();
    if (!runs) {
        return {"store",
                Health::bad,
                runs.error().describe(),
                "move the file away and begin a new one"};
    }
    return {"store",
            Health::good,
            fmt::format("{} holds {} run(s)", printable((*store)->path()), runs->size()),
            ""};
}

// Wake-ups at 1 kHz, a twentieth of a second of them: how late the machine is.
Check timer_check(Clock& clock) {
    constexpr int wakes = 50;
    constexpr Nanoseconds period = std::chrono::milliseconds(1);
    constexpr Nanoseconds worth_saying = std::chrono::milliseconds(2);
    Nanoseconds worst{0};
    Instant due = clock.now();
    for (int i = 0; i < wakes; ++i) {
        due += period;
        clock.sleep_until(due, {});
        worst = std::max(worst, clock.now() - due);
    }
    const std::string finding = fmt::format("{} wake-ups at 1 kHz, the latest {:.2f} ms behind",
                                            wakes,
                                            to_seconds(worst).value() * 1e3);
    if (worst <= worth_saying) {
        return {"timer", Health::good, finding, ""};
    }
    return {
        "timer",
        Health::limited,
        finding,
        "the machine is busy or virtual; readings may be late, which joulemark counts and reports"};
}

Check clock_check(Clock& clock) {
    const Instant a = clock.now();
    Nanoseconds least{std::numeric_limits<std::int64_t>::max()};
    constexpr int tries = 1000;
    Instant last = a;
    for (int i = 0; i < tries; ++i) {
        const Instant now = clock.now();
        if (now > last) {
            least = std::min(least, now - last);
        }
        last = now;
    }
    return {"clock",
            Health::good,
            fmt::format("the monotonic clock resolves {} ns; wall time is {}",
                        least.count(),
                        iso8601_utc(clock.unix_ns())),
            ""};
}

} // namespace

Result<Inventory> list_devices(const std::vector<std::string>& names, const Context& context) {
    if (names.empty()) {
        return device::survey(context.surroundings);
    }
    Inventory inventory;
    for (const std::string& name : names) {
        auto opened = device::open(name, context.surroundings);
        if (!opened) {
            return tl::unexpected(opened.error());
        }
        for (const auto& device : *opened) {
            inventory.devices.push_back({device->info(), std::nullopt});
        }
    }
    return inventory;
}

Diagnosis doctor(const Context& context) {
    Diagnosis diagnosis;
    diagnosis.inventory = device::survey(context.surroundings);
    for (const device::BackendReport& report : diagnosis.inventory.backends) {
        diagnosis.checks.push_back(backend_check(report));
    }
    diagnosis.checks.push_back(store_check(context));
    diagnosis.checks.push_back(timer_check(context.clock));
    diagnosis.checks.push_back(clock_check(context.clock));
    diagnosis.can_measure =
        std::ranges::any_of(diagnosis.inventory.devices, [](const device::Listing& l) {
            return !l.problem && !l.info.simulated;
        });
    return diagnosis;
}

} // namespace joulemark::verbs
