#include "frontends/cli/option_values.hpp"

#include "core/text.hpp"

namespace joulemark::frontends {

CLI::Option* add_duration(CLI::App& app,
                          const std::string& name,
                          std::optional<Seconds>& value,
                          const std::string& help) {
    const auto take = [&value, name](const std::string& text) {
        const auto seconds = parse_duration_seconds(text);
        if (!seconds) {
            throw CLI::ValidationError(
                name,
                "'" + printable(text, 40) +
                    "' is not a duration; write it like 250ms, 10s, 5m or 2h");
        }
        value = Seconds{*seconds};
    };
    return app.add_option_function<std::string>(name, take, help)->type_name("TIME");
}

CLI::Option* add_watts(CLI::App& app,
                       const std::string& name,
                       std::optional<Watts>& value,
                       const std::string& help) {
    const auto take = [&value, name](const std::string& text) {
        std::string_view number = trim(text);
        if (number.ends_with('W') || number.ends_with('w')) {
            number.remove_suffix(1);
        }
        const auto watts = parse_double(trim(number));
        if (!watts || *watts < 0.0) {
            throw CLI::ValidationError(
                name, "'" + printable(text, 40) + "' is not a power; write watts like 75 or 75W");
        }
        value = Watts{*watts};
    };
    return app.add_option_function<std::string>(name, take, help)->type_name("WATTS");
}

} // namespace joulemark::frontends
