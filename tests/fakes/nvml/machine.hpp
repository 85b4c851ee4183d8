// The fake machine at run time: plays a scenario against a clock and answers for its GPUs. One per
// process; every member function may be called from any thread.
#pragma once

#include "fakes/nvml/fake_nvml_control.h"
#include "fakes/nvml/scenario.hpp"

#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fake_nvml {

using joulemark::device::nvml::FieldValue;
using joulemark::device::nvml::Handle;
using joulemark::device::nvml::Sample;
using joulemark::device::nvml::ValueType;

// What a handle stands for. `instance` counts the MIG instances of the GPU.
struct Named {
    std::size_t gpu = 0;
    std::uint32_t generation = 0;
    std::optional<std::size_t> instance;
};

[[nodiscard]] Handle handle_of(const Named& named);
[[nodiscard]] Named named_by(Handle handle);

// What a register and the counter of a GPU show at a time.
[[nodiscard]] std::uint64_t shown_mw(const Gpu& gpu, const Register& sensor, Ns now);
[[nodiscard]] std::uint64_t counted_mj(const Gpu& gpu, Ns now);

class Machine {
public:
    Machine();

    void reset();
    void use_clock(const FakeNvmlClock* clock);
    [[nodiscard]] std::optional<std::string> apply(std::string_view script);
    // Carries out the script of JOULEMARK_FAKE_NVML_SCRIPT, or a default one, unless somebody
    // steers already.
    [[nodiscard]] std::optional<std::string> load_from_environment();

    [[nodiscard]] std::uint64_t calls(std::string_view function) const;
    [[nodiscard]] int references() const { return references_.load(); }
    [[nodiscard]] Return start();
    [[nodiscard]] Return stop();

    // A call about the machine: counts it, takes its time, lets it fail as scripted, else answers
    // with `body`.
    template <class Body> Return perform(std::string_view function, Body body) {
        return timed(function, nullptr, [&](Gpu*, const Named&, Ns) { return body(scenario_); });
    }
    // A call about a GPU or one of its MIG instances. The body gets the GPU, what the handle names
    // and the time.
    template <class Body> Return perform_on(std::string_view function, Handle handle, Body body) {
        return timed(function, &handle, [&](Gpu* gpu, const Named& named, Ns now) {
            return body(*gpu, named, now);
        });
    }

    // To be called from a body: nobody else may lock the machine then.
    [[nodiscard]] std::int64_t unix_us_at(Ns t) const;
    [[nodiscard]] std::int64_t stamp_us_at(const Ring& ring, Ns t) const;
    [[nodiscard]] Handle current_handle(std::size_t gpu) const;
    [[nodiscard]] std::size_t process_size() const { return scenario_.process_size; }
    void fill_field(const Gpu& gpu, Ns now, FieldValue& field) const;
    [[nodiscard]] std::vector<Sample> samples_after(const Gpu& gpu,
                                                    Ns now,
                                                    std::uint64_t last_seen_us) const;

private:
    template <class Answer>
    Return timed(std::string_view function, const Handle* handle, Answer answer) {
        const std::size_t number = number_of(function);
        ++calls_[number];
        const Ns latency = latency_of(function, handle);
        spend(latency / 2);
        Return code = Return::success;
        {
            const std::lock_guard lock(mutex_);
            code = permission_to_answer(function, handle);
            if (code == Return::success) {
                const Named named = handle == nullptr ? Named{} : named_by(*handle);
                code = answer(
                    handle == nullptr ? nullptr : &scenario_.gpus[named.gpu], named, now_locked());
            }
        }
        spend(latency - latency / 2);
        return code;
    }

    [[nodiscard]] static std::size_t number_of(std::string_view function);
    [[nodiscard]] Gpu* find(const Handle* handle);
    [[nodiscard]] Ns latency_of(std::string_view function, const Handle* handle);
    void spend(Ns duration);
    [[nodiscard]] Return permission_to_answer(std::string_view function, const Handle* handle);
    [[nodiscard]] Ns monotonic() const;
    [[nodiscard]] Ns now_locked();

    mutable std::mutex mutex_;
    std::array<std::atomic<std::uint64_t>, function_names.size()> calls_{};
    std::atomic<int> references_{0};
    Scenario scenario_;
    FakeNvmlClock clock_;
    Ns origin_ = 0;
    // Wall clock minus our time, from each time at which it was seen to change.
    std::vector<std::pair<Ns, std::int64_t>> wall_offsets_;
    bool steered_ = false;
};

[[nodiscard]] Machine& machine();

} // namespace fake_nvml
