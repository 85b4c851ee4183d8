#include "report/inventory_text.hpp"

#include "core/text.hpp"
#include "report/number_text.hpp"
#include "report/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace joulemark::report {

namespace {

std::string seconds_text(const std::optional<Seconds>& time) {
    return time ? duration_text(*time) : std::string("?");
}

std::string sensor_text(const SensorProfile& sensor) {
    return fmt::format("{}: mean over {}, new every {}, {} old; timing {}",
                       printable(sensor.field),
                       seconds_text(sensor.averaging_window),
                       seconds_text(sensor.update_period),
                       seconds_text(sensor.delay),
                       to_string(sensor.origin));
}

std::string limits_text(const DeviceInfo& info) {
    std::string out;
    if (info.power_limit) {
        out += "limit " + text_of(*info.power_limit);
    }
    if (info.power_limit_min && info.power_limit_max) {
        out += fmt::format(
            " ({} to {})", text_of(*info.power_limit_min), text_of(*info.power_limit_max));
    }
    if (info.idle_power) {
        out += fmt::format("{}idle about {}", out.empty() ? "" : ", ", text_of(*info.idle_power));
    }
    return out;
}

std::string line(std::string_view label, std::string_view text, const TextStyle& style) {
    constexpr std::size_t label_columns = 14;
    const std::size_t width = std::max<std::size_t>(style.width, 40) - label_columns;
    return "  " + inked(padded(label, label_columns - 2), Ink::dim, style) +
           wrapped(fitting(text, style), width, label_columns) + "\n";
}

std::string identity_text(const DeviceInfo& info) {
    std::string out;
    const auto add = [&](std::string_view name, const std::optional<std::string>& value) {
        if (!value) {
            return;
        }
        if (!out.empty()) {
            out += ", ";
        }
        out += fmt::format("{}{}{}", name, name.empty() ? "" : " ", printable(*value));
    };
    add("", info.uuid);
    add("PCI", info.pci_bus_id);
    add("", info.architecture);
    add("driver", info.driver);
    add("VBIOS", info.vbios);
    return out;
}

std::string listing_text(const Listing& listing, const TextStyle& style) {
    const DeviceInfo& info = listing.info;
    std::string heading =
        inked(padded(printable(info.name), 20), Ink::bold, style) + " " + printable(info.product);
    if (info.simulated && info.product.find("simulated") == std::string::npos) {
        heading += " (simulated)";
    }
    std::string out =
        wrapped(fitting(heading, style), std::max<std::size_t>(style.width, 40) - 2, 2) + "\n";
    if (listing.problem) {
        out += line(
            "cannot", inked(printable(listing.problem->describe(), 500), Ink::red, style), style);
    }
    if (const std::string identity = identity_text(info); !identity.empty()) {
        out += line("is", identity, style);
    }
    if (info.power_sensor) {
        out += line("power", sensor_text(*info.power_sensor), style);
    }
    if (info.average_sensor) {
        out += line("average", sensor_text(*info.average_sensor), style);
    }
    if (info.counter) {
        out += line("counter",
                    fmt::format("{}: ticks every {}",
                                printable(info.counter->field),
                                seconds_text(info.counter->tick)),
                    style);
    } else if (!listing.problem) {
        out += line("counter", "none: energy is integrated from power", style);
    }
    if (const std::string limits = limits_text(info); !limits.empty()) {
        out += line("limits", limits, style);
    }
    out += line("covers", to_string(info.boundary), style);
    for (const std::string& note : info.notes) {
        out += line("note", printable(note, 500), style);
    }
    return out;
}

std::pair<std::string_view, Ink> sign_of(Health health, const TextStyle& style) {
    switch (health) {
    case Health::good:
        return {style.unicode ? "✓" : "ok", Ink::green};
    case Health::limited:
        return {style.unicode ? "!" : "!!", Ink::yellow};
    case Health::bad:
        return {style.unicode ? "✗" : "no", Ink::red};
    }
    return {"?", Ink::red};
}

} // namespace

std::string devices_text(const Inventory& inventory, const TextStyle& style) {
    std::string out;
    for (const Listing& listing : inventory.devices) {
        if (!out.empty()) {
            out += "\n";
        }
        out += listing_text(listing, style);
    }
    if (!inventory.devices.empty()) {
        return out;
    }
    out = "No power source was found on this machine.\n";
    for (const BackendReport& report : inventory.backends) {
        out += line(report.backend, printable(report.finding, 500), style);
        if (!report.mend.empty()) {
            out += line("", printable(report.mend, 500), style);
        }
    }
    return out + "A simulated GPU works everywhere: joulemark devices -d sim:h200\n";
}

std::string doctor_text(const Diagnosis& diagnosis, const TextStyle& style) {
    std::string out;
    for (const Check& check : diagnosis.checks) {
        const auto [sign, ink] = sign_of(check.health, style);
        constexpr std::size_t name_columns = 14;
        const std::size_t width = std::max<std::size_t>(style.width, 50) - name_columns - 3;
        out += inked(padded(sign, 2), ink, style) + " " +
               padded(fitting(printable(check.name, name_columns - 5), style), name_columns - 1) +
               wrapped(fitting(printable(check.finding, 500), style), width, name_columns + 2) +
               "\n";
        if (!check.mend.empty()) {
            out +=
                std::string(name_columns + 2, ' ') +
                inked(wrapped(fitting(printable(check.mend, 500), style), width, name_columns + 2),
                      Ink::cyan,
                      style) +
                "\n";
        }
    }
    const std::size_t readable = static_cast<std::size_t>(std::ranges::count_if(
        diagnosis.inventory.devices, [](const Listing& l) { return !l.problem; }));
    // The command stands alone, so that it can be copied.
    const auto [verdict, command] =
        diagnosis.can_measure
            ? std::pair(fmt::format("{} can be measured:", counted(readable, "device")),
                        "joulemark devices")
            : std::pair(std::string("No real device can be measured here. A simulated one works:"),
                        "joulemark measure -d sim:h200 --duration 5s");
    return out + "\n" + wrapped(verdict, std::max<std::size_t>(style.width, 40), 0) + "\n  " +
           command + "\n";
}

} // namespace joulemark::report
