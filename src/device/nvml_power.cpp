#include "device/nvml_power.hpp"

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "core/units.hpp"
#include "device/device.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_fields.hpp"
#include "device/nvml_library.hpp"
#include "device/nvml_status.hpp"
#include "physics/architecture.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace joulemark::device::nvml {

namespace {

// What one source said when it was tried.
struct Trial {
    Return status = Return::function_not_found;
    std::optional<std::uint64_t> value;

    // A source that only fails at the moment is kept. One that succeeds without a usable value is
    // not.
    [[nodiscard]] bool offered() const {
        return status == Return::success ? value.has_value()
                                         : outcome_of(status) == Outcome::transient;
    }
    [[nodiscard]] bool shows_power() const { return value.value_or(0) > 0; }
};

// Asks again when the driver fails without a reason: the first question to a sleeping GPU may.
template <class Ask> Trial try_source(const Ask& ask) {
    Trial trial;
    for (int attempt = 0; attempt < 3; ++attempt) {
        trial = ask();
        if (outcome_of(trial.status) != Outcome::failed) {
            break;
        }
    }
    return trial;
}

Trial try_field(const Functions& functions, Handle handle, std::uint32_t id, Scope scope) {
    return try_source([&] {
        const FieldValue field = ask_one(functions, handle, id, static_cast<std::uint32_t>(scope));
        return Trial{field.status, unsigned_value(field)};
    });
}

Trial try_power_field(const Functions& functions, Handle handle, std::uint32_t id, Scope scope) {
    Trial trial = try_field(functions, handle, id, scope);
    if (trial.value && !watts_from_mw(*trial.value)) {
        trial.value.reset();
    }
    return trial;
}

template <class Integer> Trial try_call(Return (*function)(Handle, Integer*), Handle handle) {
    if (function == nullptr) {
        return {};
    }
    return try_source([&] {
        Integer value = 0;
        const Return status = function(handle, &value);
        return Trial{
            status, status == Return::success ? std::optional<std::uint64_t>(value) : std::nullopt};
    });
}

struct PowerTrials {
    Trial instant;
    Trial average;
    Trial usage;

    // 0 W beside a source that shows power is "not supported" in disguise.
    void unmask() {
        const bool somebody_shows_power =
            instant.shows_power() || average.shows_power() || usage.shows_power();
        for (Trial* trial : {&instant, &average, &usage}) {
            if (trial->value == 0 && somebody_shows_power) {
                *trial = {};
            }
        }
    }

    [[nodiscard]] Return refusal() const {
        for (const Trial* trial : {&instant, &average, &usage}) {
            if (outcome_of(trial->status) == Outcome::denied) {
                return trial->status;
            }
        }
        return usage.status == Return::function_not_found ? instant.status : usage.status;
    }
};

void choose_power(const PowerTrials& trials, PowerPlan& plan) {
    const bool usage_is_present_power = plan.usage == UsageMeaning::present;
    if (trials.instant.offered()) {
        plan.power = PowerSource::instant_field;
    } else if (trials.usage.offered() && usage_is_present_power) {
        plan.power = PowerSource::usage_call;
    } else if (trials.average.offered()) {
        plan.power = PowerSource::average_field;
    } else if (trials.usage.offered()) {
        plan.power = PowerSource::usage_call;
    }
    if (trials.average.offered()) {
        plan.average = PowerSource::average_field;
    } else if (plan.power == PowerSource::usage_call &&
               plan.usage == UsageMeaning::one_second_mean) {
        plan.average = PowerSource::usage_call;
    }
    plan.power_refused = trials.refusal();
}

// Some Grace boards answer for the module only. Nothing of it may be mixed with figures of the GPU
// alone, and 0 is how they refuse a scope.
void choose_module(const Functions& functions, Handle handle, PowerPlan& plan) {
    const auto shows = [&](std::uint32_t id) {
        return try_field(functions, handle, id, Scope::module).shows_power();
    };
    if (shows(field::instant_power)) {
        plan.power = PowerSource::instant_field;
    }
    if (shows(field::average_power)) {
        plan.average = PowerSource::average_field;
        plan.power = plan.power == PowerSource::none ? PowerSource::average_field : plan.power;
    }
    if (shows(field::scoped_energy)) {
        plan.energy = EnergySource::scoped_field;
    }
    if (plan.reads_anything()) {
        plan.scope = Scope::module;
    }
}

bool is_power(const std::optional<Watts>& shown) { return shown.value_or(Watts{0.0}) > Watts{0.0}; }

std::int64_t driver_series(std::string_view driver_version) {
    return parse_int(driver_version.substr(0, driver_version.find('.'))).value_or(0);
}

} // namespace

UsageMeaning usage_meaning(physics::Architecture architecture, std::string_view driver_version) {
    using enum physics::Architecture;
    switch (architecture) {
    case kepler:
    case maxwell:
    case pascal:
    case volta:
    case turing:
    case ampere_ga100:
        return UsageMeaning::present;
    case ampere_ga10x:
    case ada:
        return driver_series(driver_version) == 530 ? UsageMeaning::present
                                                    : UsageMeaning::one_second_mean;
    case hopper:
    case blackwell:
        return UsageMeaning::one_second_mean;
    case unknown:
        break;
    }
    return UsageMeaning::unknown;
}

PowerPlan probe_power(const Functions& functions, Handle handle, UsageMeaning usage) {
    PowerPlan plan;
    plan.usage = usage;
    PowerTrials trials{
        .instant = try_power_field(functions, handle, field::instant_power, Scope::gpu),
        .average = try_power_field(functions, handle, field::average_power, Scope::gpu),
        .usage = try_call(functions.power_usage, handle)};
    trials.unmask();
    choose_power(trials, plan);
    if (try_field(functions, handle, field::total_energy, Scope::gpu).offered()) {
        plan.energy = EnergySource::total_field;
    } else if (try_call(functions.total_energy, handle).offered()) {
        plan.energy = EnergySource::energy_call;
    }
    if (!plan.reads_anything()) {
        choose_module(functions, handle, plan);
    }
    return plan;
}

PowerReader::PowerReader(const Functions& functions, const PowerPlan& plan)
    : functions_(&functions), plan_(plan), calls_usage_(plan.power == PowerSource::usage_call ||
                                                        plan.average == PowerSource::usage_call),
      calls_energy_(plan.energy == EnergySource::energy_call) {
    const auto scope = static_cast<std::uint32_t>(plan.scope);
    const auto add = [&](bool wanted, std::uint32_t id) {
        if (wanted) {
            request_[request_count_++] = field_request(id, scope);
        }
    };
    add(plan.power == PowerSource::instant_field, field::instant_power);
    add(plan.average == PowerSource::average_field, field::average_power);
    // The counter stands last, see counted().
    add(plan.energy == EnergySource::total_field, field::total_energy);
    add(plan.energy == EnergySource::scoped_field, field::scoped_energy);
}

void PowerReader::ask_driver(Handle handle, Answers& answers) const {
    if (request_count_ > 0) {
        ask(*functions_, handle, {answers.fields.data(), request_count_});
    }
    if (calls_usage_) {
        answers.usage_status = functions_->power_usage(handle, &answers.usage_mw);
    }
    if (calls_energy_) {
        answers.energy_status = functions_->total_energy(handle, &answers.energy_mj);
    }
}

// Success when any source answered and none says that the GPU is gone; else the most telling
// refusal.
Return PowerReader::verdict(const Answers& answers) const {
    Return failure = Return::unknown;
    bool answered = false;
    bool gone = false;
    const auto consider = [&](bool asked, Return status) {
        if (!asked || gone) {
            return;
        }
        gone = is_gone(status);
        answered = answered || status == Return::success;
        if (status != Return::success && (gone || failure == Return::unknown)) {
            failure = status;
        }
    };
    for (std::size_t i = 0; i < request_count_; ++i) {
        consider(true, answers.fields[i].status);
    }
    consider(calls_usage_, answers.usage_status);
    consider(calls_energy_, answers.energy_status);
    return answered && !gone ? Return::success : failure;
}

PowerReader::Shown PowerReader::shown_by(const Answers& answers) const {
    Shown shown;
    const auto show = [&](PowerSource source, std::optional<std::uint64_t> power_mw) {
        shown[static_cast<std::size_t>(source)] =
            power_mw ? watts_from_mw(*power_mw) : std::nullopt;
    };
    for (std::size_t i = 0; i < request_count_; ++i) {
        if (request_[i].field_id == field::instant_power) {
            show(PowerSource::instant_field, unsigned_value(answers.fields[i]));
        } else if (request_[i].field_id == field::average_power) {
            show(PowerSource::average_field, unsigned_value(answers.fields[i]));
        }
    }
    if (calls_usage_ && answers.usage_status == Return::success) {
        show(PowerSource::usage_call, answers.usage_mw);
    }
    return shown;
}

// A 0 is believed from a source that has shown power before, as long as no other shows power now.
std::optional<Watts> PowerReader::believed(PowerSource source, const Shown& shown) const {
    const auto index = static_cast<std::size_t>(source);
    if (!shown[index] || is_power(shown[index])) {
        return shown[index];
    }
    const bool believable = has_shown_power_[index] && std::ranges::none_of(shown, is_power);
    return believable ? shown[index] : std::nullopt;
}

// A counter that stands at 0 has counted nothing yet and may never: it is unknown until it moves.
std::optional<Joules> PowerReader::counted(const Answers& answers) {
    std::optional<std::uint64_t> energy_mj;
    if (calls_energy_) {
        if (answers.energy_status == Return::success) {
            Value value{};
            value.uint64 = answers.energy_mj;
            energy_mj = unsigned_value(ValueType::uint64, value);
        }
    } else if (plan_.energy != EnergySource::none) {
        energy_mj = unsigned_value(answers.fields[request_count_ - 1]);
    }
    counter_has_moved_ = counter_has_moved_ || energy_mj.value_or(0) > 0;
    if (!energy_mj || !counter_has_moved_) {
        return std::nullopt;
    }
    return Joules{static_cast<double>(*energy_mj) * 1e-3};
}

void PowerReader::learn(const Answers& answers, const Shown& shown) {
    for (std::size_t i = 0; i < shown.size(); ++i) {
        has_shown_power_[i] = has_shown_power_[i] || is_power(shown[i]);
    }
    refresh_latency_.reset();
    for (std::size_t i = 0; i < request_count_; ++i) {
        const std::int64_t latency_us = answers.fields[i].latency_us;
        constexpr std::int64_t one_hour_us = 3'600'000'000;
        if (answers.fields[i].status == Return::success && latency_us > 0 &&
            latency_us < one_hour_us) {
            refresh_latency_ =
                std::max(refresh_latency_.value_or(Nanoseconds{0}), Nanoseconds{latency_us * 1000});
        }
    }
}

Result<FastReading> PowerReader::read(Handle handle, const Clock& clock, std::string_view name) {
    Answers answers;
    answers.fields = request_;
    const Instant before = clock.now();
    ask_driver(handle, answers);
    const Instant after = clock.now();
    if (const Return code = verdict(answers); code != Return::success) {
        return tl::unexpected(reading_error(code, name));
    }
    const Shown shown = shown_by(answers);
    learn(answers, shown);
    FastReading reading;
    reading.time = before + (after - before) / 2;
    reading.latency = after - before;
    reading.power = believed(plan_.power, shown);
    reading.average_power = believed(plan_.average, shown);
    reading.energy_counter = counted(answers);
    return reading;
}

} // namespace joulemark::device::nvml
