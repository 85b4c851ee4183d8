#include "device/nvml_state.hpp"

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/units.hpp"
#include "device/device.hpp"
#include "device/nvml_abi.hpp"
#include "device/nvml_fields.hpp"
#include "device/nvml_library.hpp"
#include "device/nvml_status.hpp"
#include "device/nvml_throttle.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace joulemark::device::nvml {

namespace {

// Outside of this a temperature is a sentinel or garbage.
std::optional<Celsius> plausible(std::int64_t celsius) {
    if (celsius < -60 || celsius > 250) {
        return std::nullopt;
    }
    return Celsius{static_cast<double>(celsius)};
}

std::optional<double> share(std::uint32_t percent) {
    if (percent > 100) {
        return std::nullopt;
    }
    return percent / 100.0;
}

// Not now, and not on this GPU or driver at any other time either.
bool is_final(Return code) {
    return outcome_of(code) == Outcome::absent || code == Return::argument_version_mismatch;
}

} // namespace

StateReader::StateReader(const Functions& functions, bool mig_enabled) : functions_(&functions) {
    not_offered_[static_cast<std::size_t>(Question::utilisation)] = mig_enabled;
    request_.push_back(field_request(field::memory_temperature));
    for (const std::uint32_t id : throttle_fields) {
        request_.push_back(field_request(id));
    }
}

template <class... Parameters, class... Arguments>
bool StateReader::ask_for(Question question,
                          Return (*function)(Handle, Parameters...),
                          Handle handle,
                          Arguments... arguments) {
    bool& not_offered = not_offered_[static_cast<std::size_t>(question)];
    if (function == nullptr || not_offered || gone_ != Return::success) {
        return false;
    }
    const Return code = function(handle, arguments...);
    not_offered = is_final(code);
    if (outcome_of(code) == Outcome::lost) {
        gone_ = code;
    }
    return code == Return::success;
}

void StateReader::read_temperature(Handle handle, SlowReading& reading) {
    Temperature v{};
    v.version = version_word<Temperature>(1);
    v.sensor = temperature_sensor_gpu;
    std::uint32_t celsius = 0;
    if (ask_for(Question::temperature_v, functions_->temperature_v, handle, &v)) {
        reading.temperature = plausible(v.celsius);
    } else if (ask_for(Question::temperature,
                       functions_->temperature,
                       handle,
                       temperature_sensor_gpu,
                       &celsius)) {
        reading.temperature = plausible(celsius);
    }
}

void StateReader::read_utilisation(Handle handle, SlowReading& reading) {
    Utilization utilization{};
    if (ask_for(Question::utilisation, functions_->utilization, handle, &utilization)) {
        reading.utilisation = share(utilization.gpu);
        reading.memory_utilisation = share(utilization.memory);
    }
}

// Version 2 leaves out what the driver keeps for itself; version 1 counts it as used.
void StateReader::read_memory(Handle handle, SlowReading& reading) {
    MemoryV2 v2{};
    v2.version = version_word<MemoryV2>(2);
    Memory v1{};
    if (ask_for(Question::memory_v2, functions_->memory_v2, handle, &v2)) {
        if (v2.total > 0 && v2.used <= v2.total) {
            reading.memory_used = Bytes{static_cast<double>(v2.used)};
        }
    } else if (ask_for(Question::memory, functions_->memory, handle, &v1)) {
        if (v1.total > 0 && v1.used <= v1.total) {
            reading.memory_used = Bytes{static_cast<double>(v1.used)};
        }
    }
}

// 0 MHz is how a GPU without a reading for this clock answers.
std::optional<Hertz> StateReader::read_clock(Question question,
                                             Handle handle,
                                             std::int32_t domain) {
    std::uint32_t frequency_mhz = 0;
    if (!ask_for(question, functions_->clock, handle, domain, &frequency_mhz) ||
        frequency_mhz == 0) {
        return std::nullopt;
    }
    return Hertz{frequency_mhz * 1e6};
}

void StateReader::read_power_limit(Handle handle, SlowReading& reading) {
    std::uint32_t limit_mw = 0;
    if (ask_for(Question::power_limit, functions_->power_limit, handle, &limit_mw) &&
        limit_mw > 0) {
        reading.power_limit = watts_from_mw(limit_mw);
    }
}

void StateReader::read_fields_and_throttling(Handle handle, SlowReading& reading) {
    if (!request_.empty() && gone_ == Return::success) {
        answers_ = request_;
        ask(*functions_, handle, answers_);
        const auto gone = std::ranges::find_if(
            answers_, [](const FieldValue& f) { return outcome_of(f.status) == Outcome::lost; });
        gone_ = gone == answers_.end() ? gone_ : gone->status;
        std::erase_if(request_, [&](const FieldValue& f) {
            const auto answer = std::ranges::find(answers_, f.field_id, &FieldValue::field_id);
            return is_final(answer->status) || answer->status == Return::invalid_argument;
        });
    }
    const auto hbm = std::ranges::find(answers_, field::memory_temperature, &FieldValue::field_id);
    if (hbm != answers_.end()) {
        // Boards without this sensor answer 0.
        const std::uint64_t celsius = unsigned_value(*hbm).value_or(0);
        reading.memory_temperature =
            celsius == 0
                ? std::nullopt
                : plausible(static_cast<std::int64_t>(std::min<std::uint64_t>(celsius, 999)));
    }
    reading.throttle_reasons = counters_.moved(answers_);
    std::uint64_t reasons = 0;
    if (ask_for(Question::clock_event_reasons, functions_->clock_event_reasons, handle, &reasons)) {
        reading.throttle_reasons = reading.throttle_reasons.value_or(0U) | throttle_bits(reasons);
    }
}

Result<SlowReading> StateReader::read(Handle handle, const Clock& clock, std::string_view name) {
    SlowReading reading;
    gone_ = Return::success;
    answers_.clear();
    const Instant before = clock.now();
    read_temperature(handle, reading);
    read_utilisation(handle, reading);
    read_memory(handle, reading);
    reading.sm_clock = read_clock(Question::sm_clock, handle, clock_sm);
    reading.memory_clock = read_clock(Question::memory_clock, handle, clock_memory);
    read_power_limit(handle, reading);
    read_fields_and_throttling(handle, reading);
    const Instant after = clock.now();
    if (gone_ != Return::success) {
        return tl::unexpected(reading_error(gone_, name));
    }
    reading.time = before + (after - before) / 2;
    return reading;
}

} // namespace joulemark::device::nvml
