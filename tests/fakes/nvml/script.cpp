#include "fakes/nvml/script.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace fake_nvml {

namespace {

constexpr std::size_t longest_script = 1U << 20U;
constexpr std::size_t most_gpus = 64;
constexpr std::size_t most_items = 1024; // of every list that a script can fill

// The words of one statement, taken from the left. Once something does not fit, `good` is false for
// ever.
class Words {
public:
    explicit Words(std::string_view line) : rest_(line) { skip_space(); }

    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool empty() const { return rest_.empty(); }
    void refuse() { good_ = false; }

    std::string_view word() {
        const std::size_t end = std::min(rest_.find_first_of(" \t\r"), rest_.size());
        const std::string_view out = rest_.substr(0, end);
        rest_.remove_prefix(end);
        skip_space();
        good_ = good_ && !out.empty();
        return out;
    }

    // True and taken when the next word is `expected`.
    bool take(std::string_view expected) {
        Words ahead = *this;
        if (ahead.word() != expected) {
            return false;
        }
        *this = ahead;
        return true;
    }

    std::string text() {
        const std::string_view out = rest_;
        rest_ = {};
        good_ = good_ && !out.empty() && out.size() <= 90;
        return std::string(out);
    }

    double number(double low, double high) { return number_in(word(), low, high); }

    template <class Integer> Integer integer(Integer low, Integer high) {
        return integer_in(word(), low, high);
    }

    template <class Integer> Integer integer_in(std::string_view text, Integer low, Integer high) {
        int base = 10;
        if (text.starts_with("0x")) {
            text.remove_prefix(2);
            base = 16;
        }
        Integer value{};
        const char* last = text.data() + text.size();
        const auto [end, error] = std::from_chars(text.data(), last, value, base);
        if (error != std::errc{} || end != last || value < low || value > high) {
            good_ = false;
            return low;
        }
        return value;
    }

    Ns duration(double low_s = 0.0) {
        std::string_view text = word();
        const std::size_t unit_at =
            std::min(text.find_first_not_of("0123456789.eE+-"), text.size());
        const std::string_view unit = text.substr(unit_at);
        const double scale = unit == "ns"   ? 1e-9
                             : unit == "us" ? 1e-6
                             : unit == "ms" ? 1e-3
                             : unit == "m"  ? 60.0
                             : unit == "h"  ? 3600.0
                                            : 1.0;
        good_ = good_ && (scale != 1.0 || unit.empty() || unit == "s");
        constexpr double longest_s = 1e6;
        const double value = number_in(text.substr(0, unit_at), 0.0, longest_s / scale) * scale;
        good_ = good_ && value >= low_s;
        return good_ ? std::llround(value * 1e9) : std::llround(std::max(low_s, 1e-6) * 1e9);
    }

private:
    void skip_space() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r"), rest_.size()));
    }

    double number_in(std::string_view text, double low, double high) {
        double value = 0.0;
        const char* last = text.data() + text.size();
        const auto [end, error] = std::from_chars(text.data(), last, value);
        if (error != std::errc{} || end != last || !(value >= low && value <= high)) {
            good_ = false;
            return low;
        }
        return value;
    }

    std::string_view rest_;
    bool good_ = true;
};

constexpr double most_watts = 1e5;
constexpr double shortest_s = 1e-6;

struct Preset {
    std::string_view key;
    const char* name;
    std::uint32_t architecture;
    std::pair<int, int> capability;
    double tdp_w;
    Ns update;
    Ns window;
    bool has_average;
    Gpu::Usage usage;
    bool has_counter;
};

constexpr Ns ms = 1'000'000;

constexpr std::array presets = std::to_array<Preset>({
    {"h200", "NVIDIA H200", 9, {9, 0}, 700, 100 * ms, 25 * ms, true, Gpu::Usage::average, true},
    {"h100",
     "NVIDIA H100 PCIe",
     9,
     {9, 0},
     350,
     100 * ms,
     25 * ms,
     true,
     Gpu::Usage::average,
     true},
    {"a100",
     "NVIDIA A100-SXM4-80GB",
     7,
     {8, 0},
     400,
     100 * ms,
     25 * ms,
     false,
     Gpu::Usage::instant,
     true},
    {"v100",
     "Tesla V100-SXM2-32GB",
     5,
     {7, 0},
     300,
     20 * ms,
     10 * ms,
     false,
     Gpu::Usage::instant,
     true},
    {"rtx4090",
     "NVIDIA GeForce RTX 4090",
     8,
     {8, 9},
     450,
     100 * ms,
     100 * ms,
     true,
     Gpu::Usage::average,
     true},
    {"rtx3090",
     "NVIDIA GeForce RTX 3090",
     7,
     {8, 6},
     350,
     100 * ms,
     100 * ms,
     true,
     Gpu::Usage::average,
     true},
    {"gh200",
     "NVIDIA GH200 480GB",
     9,
     {9, 0},
     900,
     100 * ms,
     25 * ms,
     true,
     Gpu::Usage::average,
     true},
    {"b200", "NVIDIA B200", 10, {10, 0}, 1000, 100 * ms, 25 * ms, true, Gpu::Usage::average, true},
    {"k80", "Tesla K80", 2, {3, 7}, 150, 15 * ms, 15 * ms, false, Gpu::Usage::instant, false},
});

Gpu make_gpu(const Preset& preset, std::size_t index) {
    Gpu gpu;
    const std::string digit(1, "0123456789abcdef"[index % 16]);
    const std::string digits = std::string(1, "0123456789abcdef"[index / 16 % 16]) + digit;
    gpu.name = preset.name;
    gpu.uuid = "GPU-" + digits + "000000-1111-2222-3333-4444444444" + digits;
    gpu.pci = "00000000:" + digits + ":00.0";
    gpu.architecture = preset.architecture;
    gpu.capability = preset.capability;
    gpu.next_power = Wave{.low = preset.tdp_w * 0.5, .high = preset.tdp_w * 0.5};
    gpu.instant = Register{preset.update, preset.window};
    if (preset.has_average) {
        gpu.average = Register{100 * ms, 1000 * ms};
    }
    gpu.usage = preset.usage;
    if (preset.has_counter) {
        gpu.counter = Counter{};
        gpu.next_counter_j = 1'000'000.0;
        gpu.ring = Ring{};
        gpu.memory_temperature = 45;
    }
    gpu.limits = Limits{preset.tdp_w, preset.tdp_w, preset.tdp_w * 0.3, preset.tdp_w};
    return gpu;
}

// Where the statements go: the scenario and the GPU that they are about, if any.
struct Target {
    Scenario* scenario;
    Gpu* gpu = nullptr;

    [[nodiscard]] Failures& failures() const {
        return gpu == nullptr ? scenario->failures : gpu->failures;
    }
    [[nodiscard]] auto& latencies() const {
        return gpu == nullptr ? scenario->latencies : gpu->latencies;
    }
};

std::string function_name(Words& words) {
    const std::string_view name = words.word();
    if (std::ranges::find(function_names, name) == function_names.end()) {
        words.refuse();
    }
    return std::string(name);
}

Return code(Words& words) { return static_cast<Return>(words.integer<std::int32_t>(0, 100000)); }

void add_gpu(Words& words, Target& target) {
    const auto* preset = std::ranges::find(presets, words.word(), &Preset::key);
    std::vector<Gpu>& gpus = target.scenario->gpus;
    if (preset == presets.end() || gpus.size() >= most_gpus) {
        words.refuse();
        return;
    }
    gpus.push_back(make_gpu(*preset, gpus.size()));
    target.gpu = &gpus.back();
}

void turn_to(Words& words, Target& target) {
    std::vector<Gpu>& gpus = target.scenario->gpus;
    if (words.take("all")) {
        target.gpu = nullptr;
    } else if (gpus.empty()) {
        words.refuse();
    } else {
        target.gpu = &gpus[words.integer<std::size_t>(0, gpus.size() - 1)];
    }
}

void set_latency(Words& words, Target& target) {
    Words ahead = words;
    const bool named = ahead.word().starts_with("nvml");
    const std::string function = named ? function_name(words) : "";
    target.latencies()[function] = words.duration();
}

void add_failure(Words& words, Target& target) {
    const std::string function = function_name(words);
    const Return what = code(words);
    constexpr auto always = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t times =
        words.empty() ? always : words.integer<std::uint64_t>(1, always - 1);
    std::vector<Failure>& queue = target.failures()[function];
    if (what == Return::success && times == always) {
        queue.clear();
    } else if (queue.size() < most_items) {
        queue.push_back({what, times});
    } else {
        words.refuse();
    }
}

void set_power(Words& words, Gpu& gpu) {
    Wave wave;
    if (words.take("constant")) {
        wave.low = words.number(0.0, most_watts);
        wave.high = wave.low;
    } else if (words.take("square")) {
        wave.shape = Wave::Shape::square;
        wave.low = words.number(0.0, most_watts);
        wave.high = words.number(0.0, most_watts);
        wave.period = static_cast<double>(words.duration(shortest_s)) * 1e-9;
        wave.duty = words.empty() ? 0.5 : words.number(0.0, 1.0);
    } else if (words.take("ramp")) {
        wave.shape = Wave::Shape::ramp;
        wave.low = words.number(0.0, most_watts);
        wave.high = words.number(0.0, most_watts);
        wave.period = static_cast<double>(words.duration(shortest_s)) * 1e-9;
    } else {
        words.refuse();
    }
    gpu.next_power = wave;
}

std::optional<Register> register_of(Words& words) {
    if (words.take("none")) {
        return std::nullopt;
    }
    Register out;
    out.update = words.duration(shortest_s);
    out.window = words.duration(shortest_s);
    return out;
}

void set_usage(Words& words, Gpu& gpu) {
    if (words.take("none")) {
        gpu.usage = Gpu::Usage::none;
    } else if (words.take("instant")) {
        gpu.usage = Gpu::Usage::instant;
    } else if (words.take("average")) {
        gpu.usage = Gpu::Usage::average;
    } else {
        words.refuse();
    }
}

void set_counter(Words& words, Gpu& gpu) {
    if (words.take("none")) {
        gpu.counter.reset();
        return;
    }
    gpu.counter = gpu.counter.value_or(Counter{});
    gpu.counter->tick = words.duration(shortest_s);
    if (!words.empty()) {
        gpu.next_counter_j = words.number(0.0, 1e15);
    }
}

void set_ring(Words& words, Gpu& gpu) {
    if (words.take("none")) {
        gpu.ring.reset();
        return;
    }
    Ring ring;
    ring.period = words.duration(shortest_s);
    ring.capacity = words.integer<std::uint32_t>(1, 100000);
    if (words.take("monotonic")) {
        ring.line = Ring::Line::monotonic;
    }
    if (words.take("repeating")) {
        ring.stamps = Ring::Stamps::repeating;
    } else if (words.take("backwards")) {
        ring.stamps = Ring::Stamps::backwards;
    }
    if (words.take("watts")) {
        ring.units_per_watt = 1.0;
    }
    gpu.ring = ring;
}

void set_field(Words& words, Gpu& gpu) {
    const std::string_view name = words.word();
    const std::size_t slash = std::min(name.find('/'), name.size());
    const auto id = words.integer_in<std::uint32_t>(name.substr(0, slash), 1, 100000);
    const auto scope =
        slash == name.size() ? 0U : words.integer_in<std::uint32_t>(name.substr(slash + 1), 0, 100);
    const auto same = [&](const FieldOverride& f) { return f.id == id && f.scope == scope; };
    if (words.take("own")) {
        std::erase_if(gpu.fields, same);
        return;
    }
    auto field = std::ranges::find_if(gpu.fields, same);
    if (field == gpu.fields.end()) {
        if (gpu.fields.size() >= most_items) {
            words.refuse();
            return;
        }
        field = gpu.fields.insert(field, FieldOverride{});
        field->id = id;
        field->scope = scope;
    }
    if (words.take("untouched")) {
        field->untouched = true;
    } else if (words.take("code")) {
        field->code = code(words);
    } else if (words.take("value")) {
        field->value = words.integer<std::uint64_t>(0, std::numeric_limits<std::uint64_t>::max());
    } else if (words.take("type")) {
        field->type = words.integer<std::int32_t>(0, 100);
    } else if (words.take("stamp")) {
        field->stamp_us = words.integer<std::int64_t>(0, std::numeric_limits<std::int64_t>::max());
    } else {
        words.refuse();
    }
}

void set_throttle(Words& words, Gpu& gpu) {
    Limited limited;
    limited.field = words.integer<std::uint32_t>(74, 271);
    limited.from = words.duration();
    limited.to = words.duration();
    if (limited.to < limited.from || gpu.limited.size() >= most_items) {
        words.refuse();
        return;
    }
    gpu.limited.push_back(limited);
}

void set_limits(Words& words, Gpu& gpu) {
    if (words.take("none")) {
        gpu.limits.reset();
        return;
    }
    Limits limits;
    for (double* limit : {&limits.current_w, &limits.default_w, &limits.min_w, &limits.max_w}) {
        *limit = words.number(0.0, most_watts);
    }
    gpu.limits = limits;
}

void set_mig(Words& words, Gpu& gpu) {
    gpu.mig = std::vector<std::string>{};
    gpu.mig_enabled = words.take("on");
    if (!gpu.mig_enabled && !words.take("off")) {
        words.refuse();
    }
    while (gpu.mig_enabled && !words.empty() && gpu.mig->size() < 7) {
        gpu.mig->emplace_back(words.word().substr(0, 90));
    }
}

void add_process(Words& words, Gpu& gpu) {
    Process process;
    process.pid = words.integer<std::uint32_t>(1, std::numeric_limits<std::uint32_t>::max());
    process.memory_bytes = words.take("unknown") ? joulemark::device::nvml::memory_unknown
                                                 : words.integer<std::uint64_t>(0, 1ULL << 50U);
    if (gpu.processes.size() >= most_items) {
        words.refuse();
        return;
    }
    gpu.processes.push_back(process);
}

void set_capability(Words& words, Gpu& gpu) {
    if (words.take("none")) {
        gpu.capability.reset();
        return;
    }
    const std::string_view text = words.word();
    const std::size_t dot = std::min(text.find('.'), text.size());
    const std::string_view minor = text.substr(std::min(dot + 1, text.size()));
    gpu.capability = {words.integer_in(text.substr(0, dot), 0, 99), words.integer_in(minor, 0, 99)};
}

template <class T, class Read> std::optional<T> unless_none(Words& words, Read read) {
    return words.take("none") ? std::nullopt : std::optional<T>(read());
}

void set_persistence(Words& words, Gpu& gpu) {
    gpu.persistence = unless_none<bool>(words, [&] {
        const bool on = words.take("on");
        if (!on && !words.take("off")) {
            words.refuse();
        }
        return on;
    });
}

void set_virtual(Words& words, Gpu& gpu) {
    constexpr std::array modes =
        std::to_array<std::string_view>({"none", "passthrough", "guest", "host"});
    const auto* mode = std::ranges::find(modes, words.word());
    if (mode == modes.end()) {
        words.refuse();
        return;
    }
    gpu.virtualization = static_cast<std::int32_t>(mode - modes.begin());
}

void lose(Words& words, Gpu& gpu) {
    if (words.empty()) {
        gpu.lost = true;
        return;
    }
    const Ns from = words.duration();
    gpu.lost_between = {from, words.duration()};
}

void bring_back(Words& /*words*/, Gpu& gpu) {
    gpu.lost = false;
    gpu.removed = false;
    gpu.lost_between.reset();
    ++gpu.generation;
}

void refuse_handle(Words& words, Gpu& gpu) {
    const Return what = code(words);
    gpu.handle_refused = what == Return::success ? std::nullopt : std::optional(what);
}

using PairOfU32 = std::pair<std::uint32_t, std::uint32_t>;

template <std::uint32_t Most> PairOfU32 two_numbers(Words& words) {
    const auto first = words.integer<std::uint32_t>(0, Most);
    return {first, words.integer<std::uint32_t>(0, Most)};
}

struct MachineStatement {
    std::string_view name;
    void (*carry_out)(Words&, Target&);
};

constexpr std::array machine_statements = std::to_array<MachineStatement>({
    {"gpu", add_gpu},
    {"on", turn_to},
    {"latency", set_latency},
    {"fail", add_failure},
    {"driver", [](Words& w, Target& t) { t.scenario->driver = w.text(); }},
    {"nvml", [](Words& w, Target& t) { t.scenario->nvml = w.text(); }},
    {"process_size",
     [](Words& w, Target& t) {
         t.scenario->process_size = w.integer<std::size_t>(24, 32);
         if (t.scenario->process_size % 8 != 0) {
             w.refuse();
         }
     }},
});

struct GpuStatement {
    std::string_view name;
    void (*carry_out)(Words&, Gpu&);
};

constexpr std::uint64_t most_bytes = 1ULL << 50U;

constexpr std::array gpu_statements = std::to_array<GpuStatement>({
    {"name", [](Words& w, Gpu& g) { g.name = w.text(); }},
    {"uuid", [](Words& w, Gpu& g) { g.uuid = w.text(); }},
    {"serial", [](Words& w, Gpu& g) { g.serial = w.text(); }},
    {"vbios", [](Words& w, Gpu& g) { g.vbios = w.text(); }},
    {"pci", [](Words& w, Gpu& g) { g.pci = w.text(); }},
    {"architecture",
     [](Words& w, Gpu& g) {
         g.architecture =
             unless_none<std::uint32_t>(w, [&] { return w.integer<std::uint32_t>(0, 0xFFFFFFFF); });
     }},
    {"capability", set_capability},
    {"power", set_power},
    {"instant", [](Words& w, Gpu& g) { g.instant = register_of(w); }},
    {"average", [](Words& w, Gpu& g) { g.average = register_of(w); }},
    {"usage", set_usage},
    {"counter", set_counter},
    {"ring", set_ring},
    {"field", set_field},
    {"throttle", set_throttle},
    {"reasons",
     [](Words& w, Gpu& g) {
         g.reasons = unless_none<std::uint64_t>(
             w, [&] { return w.integer<std::uint64_t>(0, ~std::uint64_t{0}); });
     }},
    {"temperature",
     [](Words& w, Gpu& g) {
         g.temperature = unless_none<int>(w, [&] { return w.integer<int>(-300, 100000); });
     }},
    {"memory_temperature",
     [](Words& w, Gpu& g) {
         g.memory_temperature =
             unless_none<std::uint32_t>(w, [&] { return w.integer<std::uint32_t>(0, 100000); });
     }},
    {"utilisation",
     [](Words& w, Gpu& g) {
         g.utilisation = unless_none<PairOfU32>(w, [&] { return two_numbers<1000>(w); });
     }},
    {"clocks",
     [](Words& w, Gpu& g) {
         g.clocks = unless_none<PairOfU32>(w, [&] { return two_numbers<100000>(w); });
     }},
    {"memory",
     [](Words& w, Gpu& g) {
         g.memory_total = w.integer<std::uint64_t>(0, most_bytes);
         g.memory_used = w.integer<std::uint64_t>(0, most_bytes);
         g.memory_reserved = w.integer<std::uint64_t>(0, most_bytes);
     }},
    {"limits", set_limits},
    {"persistence", set_persistence},
    {"virtual", set_virtual},
    {"mig", set_mig},
    {"process", add_process},
    {"refuse", refuse_handle},
    {"lost", lose},
    {"back", bring_back},
    {"remove", [](Words& /*words*/, Gpu& g) { g.removed = true; }},
});

// The complaint about a statement, empty when it was carried out.
std::string carry_out(std::string_view line, Target& target) {
    Words words(line);
    const std::string_view name = words.word();
    if (const auto* s = std::ranges::find(machine_statements, name, &MachineStatement::name);
        s != machine_statements.end()) {
        s->carry_out(words, target);
    } else if (const auto* g = std::ranges::find(gpu_statements, name, &GpuStatement::name);
               g != gpu_statements.end()) {
        if (target.gpu == nullptr) {
            return "'" + std::string(name) + "' is about a GPU, and none was named before";
        }
        g->carry_out(words, *target.gpu);
    } else {
        return "there is no statement '" + std::string(name) + "'";
    }
    if (!words.good() || !words.empty()) {
        return "'" + std::string(line) + "' does not fit its form in script.hpp";
    }
    return {};
}

} // namespace

std::optional<std::string> apply_script(std::string_view text, Scenario& scenario) {
    if (text.size() > longest_script) {
        return "the script is longer than 1 MiB";
    }
    Scenario changed = scenario;
    Target target{.scenario = &changed};
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line = line.substr(0, line.find('#'));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
            continue;
        }
        if (const std::string complaint = carry_out(line, target); !complaint.empty()) {
            return "line " + std::to_string(number) + ": " + complaint;
        }
    }
    scenario = std::move(changed);
    return std::nullopt;
}

} // namespace fake_nvml
