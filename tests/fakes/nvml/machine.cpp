#include "fakes/nvml/machine.hpp"

#include "fakes/nvml/script.hpp"

#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace fake_nvml {

namespace nvml = joulemark::device::nvml;

namespace {

constexpr const char* default_script = "gpu h200\npower square 120 650 4s 0.5\n";
constexpr std::uint32_t last_known_field = 302;

Ns read_clock(clockid_t id) {
    timespec t{};
    clock_gettime(id, &t);
    return Ns{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

// Short times are spun away: a sleep would take some 50 µs more than asked for.
void spend_for_real(void* /*context*/, std::int64_t ns) {
    const Ns end = read_clock(CLOCK_MONOTONIC) + ns;
    constexpr Ns spin = 100'000;
    if (ns > spin) {
        const Ns until = end - spin;
        const timespec deadline{.tv_sec = until / 1'000'000'000, .tv_nsec = until % 1'000'000'000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, nullptr);
    }
    while (read_clock(CLOCK_MONOTONIC) < end) {
    }
}

constexpr FakeNvmlClock real_clock{
    .context = nullptr,
    .monotonic_ns = [](void*) { return read_clock(CLOCK_MONOTONIC); },
    .unix_ns = [](void*) { return read_clock(CLOCK_REALTIME); },
    .spend = spend_for_real};

double seconds(Ns t) { return static_cast<double>(t) * 1e-9; }

// The latest multiple of `period` at or before `t`, also for negative `t`.
Ns floor_to(Ns t, Ns period) {
    const Ns within = t % period;
    return t - (within < 0 ? within + period : within);
}

std::uint64_t in_thousandths(double value) {
    return static_cast<std::uint64_t>(std::llround(std::max(0.0, value) * 1e3));
}

// Nanoseconds that a throttle counter has run, counted from some earlier day so that it is never 0.
std::uint64_t throttled_ns(const Gpu& gpu, std::uint32_t id, Ns now) {
    constexpr std::uint64_t earlier = 5'000'000'000;
    std::uint64_t total = earlier;
    for (const Limited& limited : gpu.limited) {
        if (limited.field == id && now > limited.from) {
            total += static_cast<std::uint64_t>(std::min(now, limited.to) - limited.from);
        }
    }
    return total;
}

bool is_throttle_field(std::uint32_t id) {
    return (id >= 74 && id <= 79) || (id >= 269 && id <= 271);
}

struct Answer {
    Return code = Return::not_supported;
    ValueType type = ValueType::float64;
    std::uint64_t value = 0;
};

Answer power_answer(const Gpu& gpu, const std::optional<Register>& sensor, Ns now) {
    return sensor ? Answer{Return::success, ValueType::uint32, shown_mw(gpu, *sensor, now)}
                  : Answer{};
}

// What the GPU says by itself.
Answer own_answer(const Gpu& gpu, std::uint32_t id, std::uint32_t scope, Ns now) {
    if (id == 0 || id > last_known_field) {
        return {.code = Return::invalid_argument};
    }
    if (scope != 0) {
        return {};
    }
    switch (id) {
    case nvml::field::instant_power:
        return power_answer(gpu, gpu.instant, now);
    case nvml::field::average_power:
        return power_answer(gpu, gpu.average, now);
    case nvml::field::total_energy:
    case nvml::field::scoped_energy:
        return gpu.counter ? Answer{Return::success, ValueType::uint64, counted_mj(gpu, now)}
                           : Answer{};
    case nvml::field::memory_temperature:
        return gpu.memory_temperature
                   ? Answer{Return::success, ValueType::uint32, *gpu.memory_temperature}
                   : Answer{};
    default:
        return is_throttle_field(id)
                   ? Answer{Return::success, ValueType::uint64, throttled_ns(gpu, id, now)}
                   : Answer{};
    }
}

nvml::Value packed(ValueType type, std::uint64_t number) {
    nvml::Value value{};
    value.uint64 = 0;
    switch (type) {
    case ValueType::float64:
        value.float64 = static_cast<double>(number);
        break;
    case ValueType::uint32:
        value.uint32 = static_cast<std::uint32_t>(number);
        break;
    case ValueType::int32:
        value.int32 = static_cast<std::int32_t>(number);
        break;
    case ValueType::uint16:
        value.uint16 = static_cast<std::uint16_t>(number);
        break;
    case ValueType::ulong:
    case ValueType::uint64:
    case ValueType::int64:
        value.uint64 = number;
        break;
    }
    return value;
}

// Takes one failure off the queue of `function`.
std::optional<Return> next_failure(Failures& failures, std::string_view function) {
    const auto queue = failures.find(function);
    if (queue == failures.end() || queue->second.empty()) {
        return std::nullopt;
    }
    Failure& next = queue->second.front();
    const Return code = next.code;
    if (--next.times == 0) {
        queue->second.erase(queue->second.begin());
    }
    return code == Return::success ? std::nullopt : std::optional(code);
}

bool is_lost(const Gpu& gpu, Ns now) {
    const bool now_and_then =
        gpu.lost_between && now >= gpu.lost_between->first && now < gpu.lost_between->second;
    return gpu.lost || gpu.removed || now_and_then;
}

// Functions that NVML answers before nvmlInit.
bool works_unstarted(std::string_view function) {
    return function == "nvmlInit" || function == "nvmlSystemGetNVMLVersion";
}

} // namespace

std::uint64_t shown_mw(const Gpu& gpu, const Register& sensor, Ns now) {
    const Ns refreshed = floor_to(now, sensor.update);
    return in_thousandths(gpu.power.mean(seconds(refreshed), seconds(sensor.window)));
}

std::uint64_t counted_mj(const Gpu& gpu, Ns now) {
    const Ns refreshed = floor_to(now, gpu.counter->tick);
    return in_thousandths(gpu.power.energy(seconds(refreshed)) + gpu.counter->offset_j);
}

Handle handle_of(const Named& named) {
    const std::uintptr_t instance = named.instance ? *named.instance + 1 : 0;
    // Never null: 0x1000 is always set.
    return reinterpret_cast<Handle>(std::uintptr_t{0x1000} | named.gpu | (instance << 8U) |
                                    (std::uintptr_t{named.generation} << 16U));
}

Named named_by(Handle handle) {
    const auto bits = reinterpret_cast<std::uintptr_t>(handle);
    Named named;
    named.gpu = bits & 0xFFU;
    named.generation = static_cast<std::uint32_t>(bits >> 16U);
    if (const std::uintptr_t instance = (bits >> 8U) & 0xFU; instance != 0) {
        named.instance = instance - 1;
    }
    return named;
}

Machine::Machine() : clock_(real_clock) { origin_ = clock_.monotonic_ns(clock_.context); }

void Machine::reset() {
    const std::lock_guard lock(mutex_);
    scenario_ = {};
    clock_ = real_clock;
    origin_ = clock_.monotonic_ns(clock_.context);
    wall_offsets_.clear();
    references_ = 0;
    steered_ = true;
    for (auto& count : calls_) {
        count = 0;
    }
}

void Machine::use_clock(const FakeNvmlClock* clock) {
    const std::lock_guard lock(mutex_);
    clock_ = clock == nullptr ? real_clock : *clock;
    origin_ = clock_.monotonic_ns(clock_.context);
    wall_offsets_.clear();
    steered_ = true;
}

std::optional<std::string> Machine::apply(std::string_view script) {
    const std::lock_guard lock(mutex_);
    steered_ = true;
    if (auto complaint = apply_script(script, scenario_)) {
        return complaint;
    }
    const Ns now = now_locked();
    for (Gpu& gpu : scenario_.gpus) {
        if (gpu.next_power) {
            gpu.power.begin(seconds(now), *gpu.next_power);
            gpu.next_power.reset();
        }
        if (gpu.counter && gpu.next_counter_j) {
            const Ns refreshed = floor_to(now, gpu.counter->tick);
            gpu.counter->offset_j = *gpu.next_counter_j - gpu.power.energy(seconds(refreshed));
        }
        gpu.next_counter_j.reset();
    }
    return std::nullopt;
}

std::optional<std::string> Machine::load_from_environment() {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(steered_, true)) {
            return std::nullopt;
        }
    }
    const char* path = std::getenv("JOULEMARK_FAKE_NVML_SCRIPT");
    if (path == nullptr) {
        return apply(default_script);
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return std::string(path) + " cannot be read";
    }
    std::ostringstream text;
    text << file.rdbuf();
    const auto complaint = apply(text.str());
    return complaint ? std::optional(std::string(path) + ": " + *complaint) : std::nullopt;
}

std::size_t Machine::number_of(std::string_view function) {
    return static_cast<std::size_t>(std::ranges::find(function_names, function) -
                                    function_names.begin());
}

std::uint64_t Machine::calls(std::string_view function) const {
    const std::size_t number = number_of(function);
    return number < calls_.size() ? calls_[number].load() : 0;
}

Return Machine::start() {
    return perform("nvmlInit", [&](Scenario&) {
        ++references_;
        return Return::success;
    });
}

Return Machine::stop() {
    return perform("nvmlShutdown", [&](Scenario&) {
        --references_;
        return Return::success;
    });
}

Gpu* Machine::find(const Handle* handle) {
    if (handle == nullptr || *handle == nullptr) {
        return nullptr;
    }
    const Named named = named_by(*handle);
    return named.gpu < scenario_.gpus.size() ? &scenario_.gpus[named.gpu] : nullptr;
}

Ns Machine::latency_of(std::string_view function, const Handle* handle) {
    const std::lock_guard lock(mutex_);
    const auto in = [&](const auto& latencies) -> std::optional<Ns> {
        for (const std::string_view key : {function, std::string_view{}}) {
            if (const auto found = latencies.find(key); found != latencies.end()) {
                return found->second;
            }
        }
        return std::nullopt;
    };
    const Gpu* gpu = find(handle);
    const std::optional<Ns> own = gpu == nullptr ? std::nullopt : in(gpu->latencies);
    return own ? *own : in(scenario_.latencies).value_or(0);
}

void Machine::spend(Ns duration) {
    if (duration > 0) {
        clock_.spend(clock_.context, duration);
    }
}

Return Machine::permission_to_answer(std::string_view function, const Handle* handle) {
    if (const auto code = next_failure(scenario_.failures, function)) {
        return *code;
    }
    if (references_ <= 0 && !works_unstarted(function)) {
        return Return::uninitialized;
    }
    if (handle == nullptr) {
        return Return::success;
    }
    Gpu* gpu = find(handle);
    if (gpu == nullptr) {
        return Return::invalid_argument;
    }
    if (const auto code = next_failure(gpu->failures, function)) {
        return *code;
    }
    const Named named = named_by(*handle);
    if (is_lost(*gpu, now_locked()) || named.generation != gpu->generation) {
        return Return::gpu_is_lost;
    }
    const std::size_t instances = gpu->mig ? gpu->mig->size() : 0;
    return named.instance && *named.instance >= instances ? Return::invalid_argument
                                                          : Return::success;
}

Ns Machine::monotonic() const { return clock_.monotonic_ns(clock_.context) - origin_; }

Ns Machine::now_locked() {
    const Ns now = monotonic();
    const std::int64_t offset = clock_.unix_ns(clock_.context) - now;
    constexpr std::int64_t jitter = 1'000'000;
    constexpr std::size_t most_offsets = 1024;
    if (wall_offsets_.empty() || (std::abs(offset - wall_offsets_.back().second) > jitter &&
                                  wall_offsets_.size() < most_offsets)) {
        wall_offsets_.emplace_back(now, offset);
    }
    return now;
}

std::int64_t Machine::unix_us_at(Ns t) const {
    std::int64_t offset = wall_offsets_.empty() ? 0 : wall_offsets_.front().second;
    for (const auto& [from, value] : wall_offsets_) {
        offset = from <= t ? value : offset;
    }
    return (t + offset) / 1000;
}

std::int64_t Machine::stamp_us_at(const Ring& ring, Ns t) const {
    return ring.line == Ring::Line::wall ? unix_us_at(t) : (t + origin_) / 1000;
}

Handle Machine::current_handle(std::size_t gpu) const {
    return handle_of({gpu, scenario_.gpus[gpu].generation, std::nullopt});
}

void Machine::fill_field(const Gpu& gpu, Ns now, FieldValue& field) const {
    Answer answer = own_answer(gpu, field.field_id, field.scope_id, now);
    std::int64_t stamp_us = unix_us_at(now);
    for (const FieldOverride& said : gpu.fields) {
        if (said.id != field.field_id || said.scope != field.scope_id) {
            continue;
        }
        if (said.untouched) {
            return;
        }
        if (said.value) {
            answer = {Return::success,
                      answer.type == ValueType::float64 ? ValueType::uint64 : answer.type,
                      *said.value};
        }
        answer.code = said.code.value_or(answer.code);
        if (said.type) {
            answer.type = static_cast<ValueType>(*said.type);
        }
        stamp_us = said.stamp_us.value_or(stamp_us);
    }
    field.status = answer.code;
    if (answer.code != Return::success) {
        return;
    }
    field.timestamp_us = stamp_us;
    field.latency_us = gpu.refresh_latency / 1000;
    field.value_type = answer.type;
    field.value = packed(answer.type, answer.value);
}

std::vector<Sample> Machine::samples_after(const Gpu& gpu,
                                           Ns now,
                                           std::uint64_t last_seen_us) const {
    std::vector<Sample> samples;
    const Ring& ring = *gpu.ring;
    const Ns newest = floor_to(now, ring.period);
    const Ns oldest = std::max<Ns>(0, newest - ring.period * (ring.capacity - 1));
    for (Ns t = floor_to(oldest, ring.period); t <= newest; t += ring.period) {
        const auto stamp = static_cast<std::uint64_t>(std::max<Ns>(0, stamp_us_at(ring, t)));
        if (stamp <= last_seen_us) {
            continue;
        }
        const double watts = gpu.power.mean(seconds(t), seconds(ring.period));
        const auto value = static_cast<std::uint64_t>(std::llround(watts * ring.units_per_watt));
        samples.push_back({stamp, packed(ValueType::uint32, value)});
    }
    for (std::size_t i = 1; i < samples.size(); i += 2) {
        if (ring.stamps == Ring::Stamps::repeating) {
            samples[i].timestamp_us = samples[i - 1].timestamp_us;
        } else if (ring.stamps == Ring::Stamps::backwards) {
            std::swap(samples[i].timestamp_us, samples[i - 1].timestamp_us);
        }
    }
    return samples;
}

Machine& machine() {
    static Machine the_machine;
    return the_machine;
}

} // namespace fake_nvml
