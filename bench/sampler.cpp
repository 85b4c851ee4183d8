// What sampling costs and how punctual it is: 8 devices at 1 kHz beside a bare timer loop at the
// same rate, and beside the same loop in Python over the same library. Loops take turns for several
// rounds; figures are medians over the rounds, misses are sums.
//
//     bench_sampler [--seconds S] [--rounds N] [--devices N] [--interval-us US] [--latency-us US]
//     [--library PATH]
//                   [--python PATH] [--lines]
//
// `--lines` prints `name value unit` instead of Markdown. The library defaults to
// $JOULEMARK_FAKE_NVML; without one, only constant devices are measured.
#include "sampler_loops.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <map>
#include <string_view>

namespace joulemark::bench {
namespace {

struct Arguments {
    Plan plan;
    int rounds = 3;
    bool lines = false;
};

struct Figure {
    std::string name;
    double value = 0.0;
    std::string unit;
    std::string meaning;
};

double number(std::string_view text) {
    double value = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0.0) {
        fmt::print(stderr, "bench_sampler: '{}' is no number\n", text);
        std::exit(2);
    }
    return value;
}

Arguments parse(int argc, char** argv) {
    Arguments arguments;
    Plan& plan = arguments.plan;
    if (const char* library = std::getenv("JOULEMARK_FAKE_NVML")) {
        plan.library = library;
    }
    const auto us = [](std::string_view text) {
        return to_nanoseconds(Seconds{number(text) * 1e-6});
    };
    const std::map<std::string_view, std::function<void(const char*)>> options{
        {"--seconds", [&](auto v) { plan.duration = to_nanoseconds(Seconds{number(v)}); }},
        {"--rounds", [&](auto v) { arguments.rounds = static_cast<int>(number(v)); }},
        {"--devices", [&](auto v) { plan.devices = static_cast<std::size_t>(number(v)); }},
        {"--interval-us", [&](auto v) { plan.interval = us(v); }},
        {"--latency-us", [&](auto v) { plan.latency = us(v); }},
        {"--library", [&](auto v) { plan.library = v; }},
        {"--python", [&](auto v) { plan.python_script = v; }},
    };
    for (int i = 1; i < argc; ++i) {
        const auto option = options.find(argv[i]);
        if (std::string_view(argv[i]) == "--lines") {
            arguments.lines = true;
        } else if (option != options.end() && i + 1 < argc) {
            option->second(argv[++i]);
        } else {
            fmt::print(
                stderr, "bench_sampler: '{}' is not understood; see bench/sampler.cpp\n", argv[i]);
            std::exit(2);
        }
    }
    return arguments;
}

// The fake library's machine: as many GPUs as are read, none of which takes time to answer.
class ManyGpus {
public:
    explicit ManyGpus(std::size_t count) {
        const int file = mkstemp(path_.data());
        const auto write_all = [&](const std::string& text) {
            return write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
        };
        bool good = file >= 0;
        for (std::size_t i = 0; good && i < count; ++i) {
            good = write_all("gpu h200\npower constant 300\n");
        }
        if (good) {
            setenv("JOULEMARK_FAKE_NVML_SCRIPT", path_.c_str(), 1);
        }
        close(file);
    }
    ~ManyGpus() { unlink(path_.c_str()); }
    ManyGpus(const ManyGpus&) = delete;
    ManyGpus& operator=(const ManyGpus&) = delete;

private:
    std::string path_ = "/tmp/joulemark-bench-XXXXXX";
};

struct Contender {
    std::string name;
    std::string title;
    std::function<Result<Outcome>()> run;
    std::vector<Outcome> outcomes;
};

double median(const std::vector<Outcome>& outcomes, double Outcome::* field) {
    std::vector<double> values;
    for (const Outcome& outcome : outcomes) {
        values.push_back(outcome.*field);
    }
    std::ranges::sort(values);
    return values.empty() ? 0.0 : values[values.size() / 2];
}

template <class Open> std::function<Result<Outcome>()> sampler_over(const Plan& plan, Open open) {
    return [plan, open]() -> Result<Outcome> {
        Result<Devices> devices = open(plan);
        if (!devices) {
            return tl::unexpected(devices.error());
        }
        return run_sampler(plan, std::move(*devices));
    };
}

std::vector<Contender> contenders(const Plan& plan) {
    Plan spread = plan;
    spread.spread = true;
    Plan single = plan;
    single.devices = 1;
    const auto constant = [](const Plan& p) -> Result<Devices> { return constant_devices(p); };
    std::vector<Contender> all{
        {"bare_aligned", "bare timer loop", [=] { return run_bare_loop(plan); }, {}},
        {"sampler", "sampler, constant devices", sampler_over(plan, constant), {}},
        {"bare_spread",
         "bare timer loop, spread phases",
         [=] { return run_bare_loop(spread); },
         {}},
        {"bare_single", "bare timer loop, one thread", [=] { return run_bare_loop(single); }, {}},
        {"sampler_spread",
         "sampler, constant devices, spread phases",
         sampler_over(spread, constant),
         {}},
    };
    if (plan.library) {
        all.push_back({"library_alone",
                       "two library calls, no loop, no sleep",
                       [=] { return run_library_alone(plan); },
                       {}});
        all.push_back({"unpaced",
                       "sampling loop, two library calls, no sleep",
                       [=] { return run_unpaced(plan); },
                       {}});
        all.push_back({"python_unpaced",
                       "Python, two library calls, no sleep",
                       [=] { return run_python(single, "unpaced"); },
                       {}});
        all.push_back(
            {"library", "sampler, two library calls", sampler_over(plan, library_devices), {}});
        all.push_back({"nvml", "sampler, NVML back-end", sampler_over(plan, nvml_devices), {}});
        for (const char* shape : {"threads", "loop"}) {
            all.push_back(
                {fmt::format("python_{}", shape),
                 fmt::format("Python, two library calls, {}",
                             shape == std::string_view("loop") ? "one loop over all devices"
                                                               : "one thread per device"),
                 [=] { return run_python(plan, shape); },
                 {}});
        }
    }
    return all;
}

class Results {
public:
    explicit Results(const std::vector<Contender>& all) {
        for (const Contender& contender : all) {
            by_name_[contender.name] = &contender.outcomes;
        }
    }
    [[nodiscard]] bool has(const std::string& name) const {
        return by_name_.contains(name) && !by_name_.at(name)->empty();
    }
    [[nodiscard]] double of(const std::string& name, double Outcome::* field) const {
        return median(*by_name_.at(name), field);
    }
    [[nodiscard]] std::vector<Figure> figures() const {
        std::vector<Figure> all{
            {"sampler_cpu",
             of("sampler", &Outcome::cpu_us),
             "us",
             "CPU per sample, everything included"},
            {"sampler_own_cpu",
             median_difference("sampler", "bare_aligned"),
             "us",
             "CPU per sample beside the bare timer loop (goal: at most 3)"},
            {"sampler_own_awake",
             of("sampler", &Outcome::awake_us) - of("sampler", &Outcome::library_us),
             "us",
             "median time awake per sample beside the read call"},
            {"sampler_lateness_p99",
             of("sampler", &Outcome::lateness_p99_us),
             "us",
             "of the least punctual device (goal: at most 500)"},
            {"spread_cpu_factor",
             of("bare_spread", &Outcome::cpu_us) / of("bare_aligned", &Outcome::cpu_us),
             "x",
             "CPU of a wake-up with spread phases, against aligned ones"},
        };
        if (has("library") && has("python_threads") && has("python_loop")) {
            add_python(all);
        }
        return all;
    }

private:
    // Of the CPU per sample, round by round: what else the machine does changes from round to
    // round.
    [[nodiscard]] double median_difference(const std::string& a, const std::string& b) const {
        std::vector<Outcome> differences = *by_name_.at(a);
        const std::vector<Outcome>& other = *by_name_.at(b);
        differences.resize(std::min(differences.size(), other.size()));
        for (std::size_t i = 0; i < differences.size(); ++i) {
            differences[i].cpu_us -= other[i].cpu_us;
        }
        return median(differences, &Outcome::cpu_us);
    }

    void add_python(std::vector<Figure>& all) const {
        const auto cpu = [&](const char* name) { return of(name, &Outcome::cpu_us); };
        const auto awake = [&](const char* name) { return of(name, &Outcome::awake_us); };
        const auto ratio = [&](const char* name, double value, const char* meaning) {
            all.push_back({name, value, "x", meaning});
        };
        const double library = cpu("library_alone");
        all.push_back({"unpaced_own_cpu",
                       cpu("unpaced") - library,
                       "us",
                       "CPU of the sampling loop per sample, no sleeps, beside the library"});
        all.push_back({"python_unpaced_own_cpu",
                       cpu("python_unpaced") - library,
                       "us",
                       "the same in Python"});
        ratio("python_own_ratio",
              (cpu("python_unpaced") - library) / (cpu("unpaced") - library),
              "CPU of the loop in Python against ours, beside wake-ups and library (goal: at least "
              "10)");
        ratio("python_unpaced_ratio",
              cpu("python_unpaced") / cpu("unpaced"),
              "beside wake-ups, library included");
        ratio("python_threads_cpu_ratio",
              cpu("python_threads") / cpu("library"),
              "everything included, one Python thread per device (goal: at least 10)");
        ratio(
            "python_loop_cpu_ratio",
            cpu("python_loop") / cpu("library"),
            "everything included, one Python thread for all devices: one wake-up serves them all");
        ratio("python_threads_awake_ratio",
              awake("python_threads") / awake("library"),
              "median time awake, library included");
        ratio("python_loop_awake_ratio",
              awake("python_loop") / awake("library"),
              "median time awake, library included, one Python thread for all devices");
    }

    std::map<std::string, const std::vector<Outcome>*> by_name_;
};

void print_table(const Arguments& arguments, const std::vector<Contender>& all) {
    fmt::print("{} devices every {:.4g} ms, {} rounds of {:.4g} s taking turns.\n\n"
               "| loop | CPU per sample | awake | in the call | late p99 | late max | missed |\n"
               "|---|---|---|---|---|---|---|\n",
               arguments.plan.devices,
               to_seconds(arguments.plan.interval).value() * 1e3,
               arguments.rounds,
               to_seconds(arguments.plan.duration).value());
    const auto cell = [](double us) {
        return us == 0.0 ? std::string() : fmt::format("{:.3g} µs", us);
    };
    for (const Contender& contender : all) {
        const auto value = [&](double Outcome::* field) {
            return cell(median(contender.outcomes, field));
        };
        std::uint64_t missed = 0;
        std::uint64_t samples = 0;
        for (const Outcome& outcome : contender.outcomes) {
            missed += outcome.missed;
            samples += outcome.samples;
        }
        fmt::print("| {} | {} | {} | {} | {} | {} | {} of {} |\n",
                   contender.title,
                   value(&Outcome::cpu_us),
                   value(&Outcome::awake_us),
                   value(&Outcome::library_us),
                   value(&Outcome::lateness_p99_us),
                   value(&Outcome::lateness_max_us),
                   missed,
                   missed + samples);
    }
    fmt::print("\n");
}

int run(const Arguments& arguments) {
    const ManyGpus machine(arguments.plan.devices);
    std::vector<Contender> all = contenders(arguments.plan);
    for (int round = 0; round < arguments.rounds; ++round) {
        for (Contender& contender : all) {
            auto outcome = contender.run();
            if (outcome) {
                contender.outcomes.push_back(*outcome);
            } else {
                fmt::print(
                    stderr, "bench_sampler: {}: {}\n", contender.title, outcome.error().describe());
            }
        }
    }
    const Results results(all);
    if (arguments.lines) {
        for (const Figure& figure : results.figures()) {
            fmt::print("{} {:.3g} {}\n", figure.name, figure.value, figure.unit);
        }
        return 0;
    }
    print_table(arguments, all);
    fmt::print("| figure | | |\n|---|---|---|\n");
    for (const Figure& figure : results.figures()) {
        fmt::print(
            "| {} | {:.3g} {} | {} |\n", figure.name, figure.value, figure.unit, figure.meaning);
    }
    return 0;
}

} // namespace
} // namespace joulemark::bench

int main(int argc, char** argv) {
    return joulemark::bench::run(joulemark::bench::parse(argc, argv));
}
