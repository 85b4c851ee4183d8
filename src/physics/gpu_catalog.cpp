#include "physics/gpu_catalog.hpp"

#include "core/result.hpp"
#include "core/text.hpp"
#include "core/units.hpp"
#include "embedded/gpus.hpp"
#include "physics/activity.hpp"
#include "physics/architecture.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace joulemark::physics {

namespace {

enum Column : std::size_t {
    name,
    product,
    aliases,
    compute_capability,
    memory_gib,
    memory_type,
    bandwidth_gb_s,
    fp16_tflops,
    bf16_tflops,
    fp8_tflops,
    int8_tops,
    sm_clock_mhz,
    tdp_w,
    idle_w,
    source,
    idle_source,
    column_count,
};

constexpr std::array<std::string_view, column_count> column_names{
    "name",
    "product",
    "aliases",
    "compute_capability",
    "memory_gib",
    "memory_type",
    "bandwidth_gb_s",
    "fp16_tflops",
    "bf16_tflops",
    "fp8_tflops",
    "int8_tops",
    "sm_clock_mhz",
    "tdp_w",
    "idle_w",
    "source",
    "idle_source",
};

// The part of `text` before `separator`, which it loses together with the separator.
std::string_view take_until(std::string_view& text, char separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

// One row with the first complaint about it.
class Row {
public:
    Row(std::string_view line, std::size_t number) : number_(number) {
        const auto commas = static_cast<std::size_t>(std::ranges::count(line, ','));
        if (commas + 1 != column_count) {
            complain(fmt::format("{} cells instead of {}", commas + 1, std::size_t{column_count}));
            return;
        }
        for (std::string_view& cell : cells_) {
            cell = trim(take_until(line, ','));
        }
    }

    [[nodiscard]] std::string text(Column column) const { return std::string(cells_[column]); }

    [[nodiscard]] std::string required_text(Column column) {
        if (cells_[column].empty()) {
            complain(fmt::format("{} is empty", column_names[column]));
        }
        return text(column);
    }

    [[nodiscard]] std::optional<double> positive(Column column, double factor) {
        if (cells_[column].empty()) {
            return std::nullopt;
        }
        const auto value = parse_double(cells_[column]);
        if (!value || *value <= 0.0) {
            complain(fmt::format("{} is '{}', not a positive number",
                                 column_names[column],
                                 printable(cells_[column], 40)));
        }
        return value.value_or(0.0) * factor;
    }

    [[nodiscard]] double required(Column column, double factor) {
        if (cells_[column].empty()) {
            complain(fmt::format("{} is empty", column_names[column]));
        }
        return positive(column, factor).value_or(0.0);
    }

    [[nodiscard]] std::optional<Hertz> rate(Column column, double factor) {
        const auto value = positive(column, factor);
        return value ? std::optional(Hertz{*value}) : std::nullopt;
    }

    void complain(std::string what) {
        if (complaint_.empty()) {
            complaint_ = fmt::format("line {}: {}", number_, what);
        }
    }
    [[nodiscard]] const std::string& complaint() const { return complaint_; }

private:
    std::size_t number_;
    std::array<std::string_view, column_count> cells_;
    std::string complaint_;
};

GpuSpec spec_from(Row& row) {
    constexpr double gib = 1024.0 * 1024.0 * 1024.0;
    GpuSpec out;
    out.name = row.required_text(name);
    out.product = row.required_text(product);
    const std::string alias_cell = row.text(aliases);
    for (std::string_view rest = alias_cell; !rest.empty();) {
        out.aliases.emplace_back(take_until(rest, '|'));
    }
    out.compute_capability = row.required_text(compute_capability);
    out.architecture = architecture_of_capability(out.compute_capability);
    if (out.architecture == Architecture::unknown) {
        row.complain("unknown compute capability");
    }
    out.memory = Bytes{row.required(memory_gib, gib)};
    out.memory_type = row.required_text(memory_type);
    out.memory_bandwidth = BytesPerSecond{row.required(bandwidth_gb_s, 1e9)};
    out.fp16_rate = row.rate(fp16_tflops, 1e12);
    out.bf16_rate = row.rate(bf16_tflops, 1e12);
    out.fp8_rate = row.rate(fp8_tflops, 1e12);
    out.int8_rate = row.rate(int8_tops, 1e12);
    out.sm_clock = row.rate(sm_clock_mhz, 1e6);
    out.tdp = Watts{row.required(tdp_w, 1.0)};
    if (const auto idle = row.positive(idle_w, 1.0)) {
        out.idle_power = Watts{*idle};
    }
    if (out.idle_power && *out.idle_power >= out.tdp) {
        row.complain("idle power is not below TDP");
    }
    out.source = row.required_text(source);
    out.idle_source = row.text(idle_source);
    return out;
}

constexpr bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// Lower case, without punctuation and without the words that do not tell GPUs apart.
std::string search_key(std::string_view text) {
    std::string out = to_lower(text);
    for (const std::string_view word : {"nvidia", "geforce", "tesla"}) {
        for (auto at = out.find(word); at != std::string::npos; at = out.find(word)) {
            out.erase(at, word.size());
        }
    }
    std::erase_if(out, [](char c) { return !is_letter_or_digit(c); });
    return out;
}

// Levenshtein distance: insertions, deletions and replacements of one character.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

std::vector<std::string> nearest_names(std::string_view key) {
    constexpr std::size_t offered = 4;
    std::vector<std::pair<std::size_t, std::string>> ranked;
    for (const GpuSpec& gpu : gpu_catalog()) {
        ranked.emplace_back(edit_distance(key, search_key(gpu.name)), gpu.name);
    }
    std::ranges::sort(ranked);
    std::vector<std::string> out;
    for (const auto& [distance, gpu] : ranked) {
        if (out.size() < offered) {
            out.push_back(gpu);
        }
    }
    return out;
}

bool is_called(const GpuSpec& gpu, std::string_view key) {
    const auto same = [&](const std::string& text) { return search_key(text) == key; };
    return same(gpu.name) || same(gpu.product) || std::ranges::any_of(gpu.aliases, same);
}

} // namespace

Result<std::vector<GpuSpec>> read_gpu_catalog(std::string_view csv) {
    const std::string header = fmt::format("{}", fmt::join(column_names, ","));
    if (trim(take_until(csv, '\n')) != header) {
        return fail(Kind::parse, fmt::format("line 1: the header must be '{}'", header));
    }
    std::vector<GpuSpec> out;
    for (std::size_t number = 2; !csv.empty(); ++number) {
        const std::string_view line = trim(take_until(csv, '\n'));
        if (line.empty()) {
            continue;
        }
        Row row(line, number);
        GpuSpec gpu = spec_from(row);
        if (!row.complaint().empty()) {
            return fail(Kind::parse, row.complaint());
        }
        out.push_back(std::move(gpu));
    }
    return out;
}

std::span<const GpuSpec> gpu_catalog() {
    static const auto catalog = read_gpu_catalog(embedded::gpus);
    assert(catalog);
    return *catalog;
}

Result<GpuSpec> find_gpu(std::string_view text) {
    constexpr std::size_t longest_name = 64;
    const std::string key = search_key(text.substr(0, longest_name));
    for (const GpuSpec& gpu : gpu_catalog()) {
        if (is_called(gpu, key)) {
            return gpu;
        }
    }
    return fail(Kind::not_found,
                fmt::format("there is no GPU '{}' in the catalogue; the nearest names are {}",
                            printable(text, longest_name),
                            fmt::join(nearest_names(key), ", ")));
}

PowerModel power_model_of(const GpuSpec& gpu) {
    constexpr double unknown_idle_share = 0.10;
    constexpr double memory_share = 0.45;
    constexpr double compute_share = 0.70;
    const Watts idle = gpu.idle_power.value_or(gpu.tdp * unknown_idle_share);
    const Watts range = gpu.tdp - idle;
    return {.idle = idle,
            .memory_power = range * memory_share,
            .compute_power = range * compute_share,
            .cap = gpu.tdp};
}

} // namespace joulemark::physics
