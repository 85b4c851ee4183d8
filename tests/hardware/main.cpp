// `hardware_check`: finds out how an NVIDIA GPU of this machine reports power and energy, and
// writes it down. Run by packaging/hardware-check.sh (`make hardware-check`).
#include "core/text.hpp"
#include "device/nvml_backend.hpp"
#include "hardware/page.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

namespace joulemark::hardware {
namespace {

struct Options {
    std::string page_folder = ".";
    std::string trace_folder = ".";
    std::string selector = "0";
    double idle_seconds = 20.0;
    std::vector<std::string> load;
};

constexpr Nanoseconds fast_period = std::chrono::milliseconds{1};
constexpr Nanoseconds slow_period = std::chrono::milliseconds{100};

Result<void> write_file(const std::filesystem::path& path, const std::string& text) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
    if (!out.flush()) {
        return fail(Kind::io, path.string() + ": cannot be written");
    }
    fmt::print("wrote {}\n", path.string());
    return {};
}

Result<void> write_trace(const Options& options,
                         const std::string& name,
                         const DeviceInfo& device,
                         const Recording& recording) {
    const auto text = trace_csv(device, recording);
    if (!text) {
        return tl::unexpected(text.error());
    }
    return write_file(std::filesystem::path(options.trace_folder) / name, *text);
}

// Exit status 3 of the load: what it needs is missing here, which it has explained.
void measure_load(device::Device& gpu,
                  Clock& clock,
                  const std::vector<std::string>& command,
                  Findings& findings) {
    if (command.empty()) {
        findings.load_problem = "no load generator was found (python3 with PyTorch and CUDA)";
        return;
    }
    auto load = Load::start(command);
    if (!load) {
        findings.load_problem = load.error().describe();
        return;
    }
    findings.loaded = record(gpu, clock, fast_period, [&] { return load->running(); });
    findings.load_about = load->about();
    findings.windows = load->windows();
    if (findings.windows.empty()) {
        findings.load_problem =
            load->exit_status() == 3
                ? std::string("no load generator was found (python3 with PyTorch and CUDA)")
                : fmt::format("the load generator ended with status {} and marked nothing",
                              load->exit_status());
    }
}

Result<void> check(device::Device& gpu,
                   std::size_t gpus,
                   const Options& options,
                   const std::string& library,
                   Clock& clock) {
    Findings findings;
    findings.device = gpu.info();
    findings.gpus = gpus;
    findings.unix_ns = clock.unix_ns();
    findings.library = library;
    const Nanoseconds idle = to_nanoseconds(Seconds{options.idle_seconds});
    fmt::print("{}: {:.0f} s idle at 10 Hz, then at 1 kHz\n",
               findings.device.product,
               options.idle_seconds);
    findings.idle_slow = record_for(gpu, clock, slow_period, idle);
    findings.idle = record_for(gpu, clock, fast_period, idle);
    if (findings.idle.fast.size() < 2) {
        return fail(Kind::unavailable, "the GPU gave no readings", findings.device.name);
    }
    fmt::print("now under load\n");
    measure_load(gpu, clock, options.load, findings);
    if (!findings.load_problem.empty()) {
        fmt::print("idle part only: {}\n", findings.load_problem);
    }

    const std::string stem = file_stem(findings.device.product);
    auto done =
        write_file(std::filesystem::path(options.page_folder) / (stem + ".md"), markdown(findings));
    if (done) {
        done = write_trace(options, stem + "-idle.csv", findings.device, findings.idle);
    }
    if (done && !findings.loaded.fast.empty()) {
        done = write_trace(options, stem + "-load.csv", findings.device, findings.loaded);
    }
    return done;
}

int run(const Options& options) {
    SystemClock clock;
    const auto where = device::Surroundings::from_environment(clock);
    auto gpus = device::open_nvml(options.selector, where);
    if (!gpus) {
        fmt::print("hardware-check skipped: no NVIDIA GPU can be measured here ({})\n",
                   gpus.error().describe());
        return 0;
    }
    const std::size_t count = device::survey_nvml(where).devices.size();
    const auto done = check(*gpus->front(), count, options, where.nvml_library, clock);
    if (!done) {
        fmt::print(stderr, "hardware-check: {}\n", done.error().describe());
        return 1;
    }
    return 0;
}

} // namespace
} // namespace joulemark::hardware

int main(int argc, char** argv) {
    joulemark::hardware::Options options;
    CLI::App app{"Finds out how an NVIDIA GPU reports power and energy, and writes it down."};
    app.add_option("--pages", options.page_folder, "Folder of the page <gpu>.md");
    app.add_option("--traces", options.trace_folder, "Folder of the recorded traces");
    app.add_option("--gpu", options.selector, "What stands behind nvml: in a device name");
    app.add_option("--seconds", options.idle_seconds, "Length of each idle recording")
        ->check(CLI::Range(0.2, 3600.0));
    app.add_option("load", options.load, "Load generator and its arguments, after --");
    CLI11_PARSE(app, argc, argv);
    return joulemark::hardware::run(options);
}
