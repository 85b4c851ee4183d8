#include "sampler_loops.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <map>
#include <memory>

namespace joulemark::bench {

Result<Outcome> run_python(const Plan& plan, const std::string& shape) {
    const std::string command = fmt::format("python3 '{}' --library '{}' --shape {} --devices {} "
                                            "--interval {} --seconds {}",
                                            plan.python_script,
                                            plan.library.value_or(""),
                                            shape,
                                            plan.devices,
                                            to_seconds(plan.interval).value(),
                                            to_seconds(plan.duration).value());
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    std::map<std::string, double> values;
    std::array<char, 64> name{};
    double value = 0.0;
    while (pipe && std::fscanf(pipe.get(), "%63s %lf", name.data(), &value) == 2) {
        values[name.data()] = value;
    }
    if (!values.contains("samples")) {
        return fail(Kind::unavailable, "the Python loop did not run: " + command);
    }
    Outcome outcome;
    outcome.samples = static_cast<std::uint64_t>(values["samples"]);
    outcome.missed = static_cast<std::uint64_t>(values["missed"]);
    outcome.cpu_us = values["cpu_us_per_sample"];
    outcome.awake_us = values["awake_us_per_sample"];
    outcome.lateness_p50_us = values["lateness_p50_us"];
    outcome.lateness_p99_us = values["lateness_p99_us"];
    outcome.lateness_max_us = values["lateness_max_us"];
    return outcome;
}

} // namespace joulemark::bench
