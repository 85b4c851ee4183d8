// How fast samples go into the store and come out, and how much room they take; the last case is a
// run too long for memory, read merged.
//
//     bench_store [--long-run ROWS]
//
// Exit status 1 when a figure misses what the store promises.
#include "store/store.hpp"

#include "core/random.hpp"
#include "core/text.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace joulemark;
namespace fs = std::filesystem;

constexpr std::int64_t period_ns = 10'000'000;
constexpr std::size_t hour = 360'000;

class Folder {
public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "joulemark-bench-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("cannot make a temporary folder");
        }
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string store() const { return path_ / "runs.db"; }

private:
    fs::path path_;
};

template <class T> T need(Result<T> result) {
    if (!result) {
        throw std::runtime_error(result.error().describe());
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    }
}

// Power in mW that wanders between idle and load with 3 W of noise, read 50 µs late (rms), times in
// µs.
Columns recording(std::size_t count) {
    const RandomStream jitter(1, 1);
    const RandomStream noise(1, 2);
    Columns rows;
    for (std::size_t i = 0; i < count; ++i) {
        const auto late_us = static_cast<std::int64_t>(std::abs(jitter.normal(i)) * 50.0);
        const double load =
            i / 3000 % 3 == 0 ? 120.0 : 480.0 + 40.0 * std::sin(static_cast<double>(i) / 700.0);
        rows.time.push_back(instant_at(static_cast<std::int64_t>(i) * period_ns + late_us * 1000));
        rows.values(Metric::power)
            .push_back(static_cast<double>(std::lround((load + 3.0 * noise.normal(i)) * 1000.0)) /
                       1000.0);
    }
    return rows;
}

Columns piece_of(const Columns& rows, std::size_t first, std::size_t count) {
    const auto from = static_cast<std::ptrdiff_t>(first);
    const auto to = from + static_cast<std::ptrdiff_t>(count);
    const auto& watts = rows.column[static_cast<std::size_t>(Metric::power)];
    Columns piece;
    piece.time.assign(rows.time.begin() + from, rows.time.begin() + to);
    piece.values(Metric::power).assign(watts.begin() + from, watts.begin() + to);
    return piece;
}

std::vector<Columns> pieces_of(const Columns& rows, std::size_t size) {
    std::vector<Columns> pieces;
    for (std::size_t first = 0; first < rows.size(); first += size) {
        pieces.push_back(piece_of(rows, first, std::min(size, rows.size() - first)));
    }
    return pieces;
}

double trapezoid(const Columns& rows) {
    const auto watts = rows.values(Metric::power);
    double joules = 0.0;
    for (std::size_t i = 1; i < rows.size(); ++i) {
        joules +=
            0.5 * (watts[i] + watts[i - 1]) * to_seconds(rows.time[i] - rows.time[i - 1]).value();
    }
    return joules;
}

class Stopwatch {
public:
    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

struct Recorded {
    double rows_per_second = 0.0;
    double bytes_per_row = 0.0; // of the whole file
};

RunRecord record_of_one_device() {
    RunRecord record;
    record.verb = "bench";
    record.interval = Nanoseconds{period_ns};
    record.devices.emplace_back().name = "sim:bench";
    return record;
}

Recorded record_run(const std::string& file, const std::vector<Columns>& pieces) {
    std::size_t rows = 0;
    Stopwatch watch;
    {
        const auto store = need(store::Store::open(file));
        RunRecord record = record_of_one_device();
        const auto writer = need(store->begin(record));
        watch = {};
        for (const Columns& piece : pieces) {
            need(writer->append(0, piece, {}));
            rows += piece.size();
        }
        need(writer->finish(record, {{}}));
    }
    const auto count = static_cast<double>(rows);
    return {.rows_per_second = count / watch.seconds(),
            .bytes_per_row = static_cast<double>(fs::file_size(file)) / count};
}

// A line of /proc/self/status: VmRSS is the memory in use now, VmHWM the most since `forget_peak`.
double memory_mib(std::string_view name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name)) {
            const auto kib = parse_int(trim(
                std::string_view(line).substr(name.size() + 1, line.size() - name.size() - 4)));
            return static_cast<double>(kib.value_or(0)) / 1024.0;
        }
    }
    return 0.0;
}

void forget_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

void print_row(std::string_view what, std::string_view figures) {
    fmt::print("| {} | {} |\n", what, figures);
}

bool bench_recording() {
    bool good = true;
    const Columns rows = recording(hour);
    struct Case {
        std::string_view what;
        std::size_t piece;
    };
    for (const auto& [what, piece] : {Case{"100 Hz, a commit every 25 samples", 25},
                                      Case{"1 kHz, a commit every 250 samples", 250},
                                      Case{"import, one commit", hour}}) {
        const Folder folder;
        const Recorded recorded = record_run(folder.store(), pieces_of(rows, piece));
        print_row(fmt::format("{}: {} samples of (time, power)", what, hour),
                  fmt::format("{:.2f} M samples/s, {:.2f} bytes each in the file",
                              recorded.rows_per_second * 1e-6,
                              recorded.bytes_per_row));
        good &= recorded.bytes_per_row <= 4.0 && (piece < hour || recorded.rows_per_second >= 2e6);
        const auto store = need(store::Store::open(folder.store()));
        const Stopwatch watch;
        const auto run = need(store->read("last"));
        const double rate = static_cast<double>(run.traces[0].fast().size()) / watch.seconds();
        if (piece == hour) {
            print_row("reading it back", fmt::format("{:.1f} M samples/s", rate * 1e-6));
        }
    }
    return good;
}

// Writes a run of `count` rows from one recording, repeated with later times; gives its energy.
double record_long_run(store::Store& store, std::size_t count) {
    Columns rows = recording(1'000'000);
    const Nanoseconds shift{static_cast<std::int64_t>(rows.size()) * period_ns};
    RunRecord record = record_of_one_device();
    const auto writer = need(store.begin(record));
    double joules = 0.0;
    Columns seam; // last row of one repetition and first of the next
    for (std::size_t written = 0; written < count; written += rows.size()) {
        seam.append(piece_of(rows, 0, 1));
        joules += trapezoid(seam) + trapezoid(rows);
        seam = piece_of(rows, rows.size() - 1, 1);
        need(writer->append(0, rows, {}));
        for (Instant& t : rows.time) {
            t += shift;
        }
    }
    need(writer->finish(record, {{}}));
    return joules;
}

bool bench_long_run(std::size_t count) {
    constexpr std::size_t limit = 10'000;
    const Folder folder;
    const auto store = need(store::Store::open(folder.store()));
    Stopwatch watch;
    const double joules = record_long_run(*store, count);
    print_row(fmt::format("a run of {} M samples, in commits of a million", count / 1'000'000),
              fmt::format("{:.1f} M samples/s, {} MB",
                          static_cast<double>(count) * 1e-6 / watch.seconds(),
                          fs::file_size(folder.store()) / 1'000'000));
    ::malloc_trim(0);
    forget_peak();
    const double before = memory_mib("VmRSS");
    watch = {};
    const auto run = need(store->read("last", limit));
    const double seconds = watch.seconds();
    const Columns& fast = run.traces[0].fast();
    const double error = std::abs(trapezoid(fast) / joules - 1.0);
    const double grown = memory_mib("VmHWM") - before;
    print_row(fmt::format("reading it merged to {} rows (of {} each)",
                          fast.size(),
                          run.traces[0].info().merged),
              fmt::format("{:.1f} M samples/s, energy off by {:.1e}, {:.1f} MiB of memory",
                          static_cast<double>(count) * 1e-6 / seconds,
                          error,
                          grown));
    return error <= 1e-9 && grown < 64.0 && fast.size() <= limit;
}

} // namespace

int main(int argc, char** argv) {
    std::size_t long_run = 200'000'000;
    if (argc == 3 && std::string_view(argv[1]) == "--long-run") {
        long_run = static_cast<std::size_t>(parse_int(argv[2]).value_or(0));
    }
    try {
        fmt::print("| case | figures |\n|---|---|\n");
        const bool recording_good = bench_recording();
        const bool long_run_good = bench_long_run(long_run);
        return recording_good && long_run_good ? 0 : 1;
    } catch (const std::exception& failure) {
        fmt::print(stderr, "bench_store: {}\n", failure.what());
        return 1;
    }
}
