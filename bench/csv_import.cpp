// How fast power logs are read: the whole way from text to finished traces, and its parts. The
// naive reader (split into strings, std::stod, std::get_time, as a script would) is the yardstick;
// `MB/s` is of the text.
#include "core/trace.hpp"
#include "device/csv_scanner.hpp"
#include "device/log_time.hpp"
#include "device/power_log.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <ctime>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace joulemark;

constexpr std::size_t row_count = 500'000;

std::string smi_time(std::size_t i, std::size_t spacing_ms) {
    const std::size_t ms = i * spacing_ms + i % 4;
    return fmt::format("2024/04/{:02} {:02}:{:02}:{:02}.{:03}",
                       3 + ms / 86'400'000,
                       ms / 3'600'000 % 24,
                       ms / 60'000 % 60,
                       ms / 1000 % 60,
                       ms % 1000);
}

double watts_of(std::size_t i) { return 60.0 + static_cast<double>(i * 7919 % 25'000) * 0.01; }

// As nvidia-smi writes it: one GPU, a row every 103 ms.
std::string smi_log(bool units) {
    std::string text = "timestamp, power.draw [W], utilization.gpu [%], utilization.memory [%]\n";
    const char* const form = units ? "{}, {:.2f} W, {} %, {} %\n" : "{}, {:.2f}, {}, {}\n";
    for (std::size_t i = 0; i < row_count; ++i) {
        text += fmt::format(fmt::runtime(form), smi_time(i, 103), watts_of(i), i % 101, i % 67);
    }
    return text;
}

// Eight GPUs with an index column, every 100 ms.
std::string smi_log_of_eight() {
    std::string text =
        "index, timestamp, name, power.draw [W], temperature.gpu, memory.used [MiB]\n";
    for (std::size_t i = 0; i < row_count; ++i) {
        text += fmt::format("{}, {}, NVIDIA H200, {:.2f} W, {}, {} MiB\n",
                            i % 8,
                            smi_time(i / 8, 100),
                            watts_of(i),
                            30 + i % 50,
                            1000 + i % 900);
    }
    return text;
}

std::string zeus_log() {
    std::string text;
    for (std::size_t i = 0; i < row_count; ++i) {
        text += fmt::format("{:.6f},{:.3f},{:.3f}\n",
                            1.7e9 + static_cast<double>(i) * 0.1,
                            watts_of(i),
                            watts_of(i + 1));
    }
    return text;
}

void count_bytes(benchmark::State& state, const std::string& text) {
    const double bytes = static_cast<double>(state.iterations()) * static_cast<double>(text.size());
    state.counters["MB/s"] = benchmark::Counter(bytes * 1e-6, benchmark::Counter::kIsRate);
    state.counters["ns/row"] =
        benchmark::Counter(static_cast<double>(state.iterations()) * row_count * 1e-9,
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void import(benchmark::State& state, const std::string& text) {
    for (auto _ : state) {
        auto log = device::read_power_log(text, {});
        if (!log || log->rejected_count != 0) {
            return state.SkipWithError("the log was not read whole");
        }
        benchmark::DoNotOptimize(log);
    }
    count_bytes(state, text);
}

void nvidia_smi(benchmark::State& state) { import(state, smi_log(true)); }
void nvidia_smi_nounits(benchmark::State& state) { import(state, smi_log(false)); }
void nvidia_smi_eight_gpus(benchmark::State& state) { import(state, smi_log_of_eight()); }
void zeus(benchmark::State& state) { import(state, zeus_log()); }

void lines_and_fields_only(benchmark::State& state) {
    const std::string text = smi_log(true);
    for (auto _ : state) {
        device::LineReader lines(text);
        device::CsvFields fields;
        std::size_t count = 0;
        for (device::Line line; lines.next(line);) {
            if (fields.split(line.text)) {
                count += fields.size();
            }
        }
        benchmark::DoNotOptimize(count);
    }
    count_bytes(state, text);
}

void times_only(benchmark::State& state) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < row_count; ++i) {
        texts.push_back(smi_time(i, 103));
    }
    for (auto _ : state) {
        device::LogTimes times;
        std::int64_t sum = 0;
        for (const std::string& text : texts) {
            sum += times.read(text).value_or(0);
        }
        benchmark::DoNotOptimize(sum);
    }
    state.counters["ns/row"] =
        benchmark::Counter(static_cast<double>(state.iterations()) * row_count * 1e-9,
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void naive(benchmark::State& state) {
    const std::string text = smi_log(true);
    for (auto _ : state) {
        std::istringstream in(text);
        std::string line;
        std::getline(in, line);
        std::vector<double> seconds;
        std::vector<double> watts;
        while (std::getline(in, line)) {
            std::istringstream cells(line);
            std::string cell;
            std::getline(cells, cell, ',');
            std::tm civil{};
            std::istringstream(cell.substr(0, 19)) >> std::get_time(&civil, "%Y/%m/%d %H:%M:%S");
            seconds.push_back(static_cast<double>(timegm(&civil)) + std::stod(cell.substr(19)));
            std::getline(cells, cell, ',');
            watts.push_back(std::stod(cell));
        }
        benchmark::DoNotOptimize(watts);
    }
    count_bytes(state, text);
}

BENCHMARK(nvidia_smi)->Unit(benchmark::kMillisecond);
BENCHMARK(nvidia_smi_nounits)->Unit(benchmark::kMillisecond);
BENCHMARK(nvidia_smi_eight_gpus)->Unit(benchmark::kMillisecond);
BENCHMARK(zeus)->Unit(benchmark::kMillisecond);
BENCHMARK(lines_and_fields_only)->Unit(benchmark::kMillisecond);
BENCHMARK(times_only)->Unit(benchmark::kMillisecond);
BENCHMARK(naive)->Unit(benchmark::kMillisecond);

} // namespace
