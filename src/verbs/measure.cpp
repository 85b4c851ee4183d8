#include "verbs/measure.hpp"

#include "core/text.hpp"
#include "embedded/version.hpp"
#include "sampler/interval.hpp"
#include "verbs/recording.hpp"
#include "verbs/runs.hpp"
#include "workload/command.hpp"
#include "workload/mark_socket.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

namespace joulemark::verbs {

namespace {

constexpr Nanoseconds progress_period = std::chrono::milliseconds(100);
constexpr Nanoseconds high_res_interval = std::chrono::milliseconds(10);

Result<void> check(const MeasureRequest& request) {
    const auto refuse = [](std::string message) {
        return fail(Kind::invalid_argument, std::move(message));
    };
    if (request.interval && request.high_res) {
        return refuse(
            "--interval and --high-res exclude each other: --high-res is --interval 10ms");
    }
    if (request.duration && *request.duration <= Seconds{0.0}) {
        return refuse("--duration must be above zero, for instance 10s");
    }
    if (request.baseline && *request.baseline <= Seconds{0.0}) {
        return refuse("--baseline must be above zero, for instance 5s");
    }
    if (request.baseline && request.idle_power) {
        return refuse("--baseline measures idle power and --idle-power gives it: choose one");
    }
    if (request.idle_power && *request.idle_power < Watts{0.0}) {
        return refuse("--idle-power must not be negative");
    }
    if (request.tokens && *request.tokens < 0) {
        return refuse("--tokens must not be negative");
    }
    return {};
}

using Devices = std::vector<std::unique_ptr<device::Device>>;

Result<Devices> open_devices(const std::vector<std::string>& names,
                             const device::Surroundings& surroundings) {
    if (names.empty()) {
        return device::open_default(surroundings);
    }
    Devices devices;
    std::vector<DeviceInfo> infos;
    for (const std::string& name : names) {
        auto opened = device::open(name, surroundings);
        if (!opened) {
            return tl::unexpected(opened.error());
        }
        for (auto& one : *opened) {
            infos.push_back(one->info());
            devices.push_back(std::move(one));
        }
    }
    if (const auto duplicate = device::find_duplicate(infos)) {
        return fail(Kind::invalid_argument, *duplicate + "; name each device once");
    }
    return devices;
}

// Devices that "all of them" should have had and that cannot be read: their energy is missing from
// the total.
std::vector<Warning> left_out(const MeasureRequest& request,
                              const Devices& devices,
                              const device::Surroundings& surroundings) {
    if (!request.devices.empty() &&
        std::ranges::find(request.devices, "all") == request.devices.end()) {
        return {};
    }
    std::vector<Warning> warnings;
    for (const device::Listing& listing : device::survey(surroundings).devices) {
        const bool of_a_kind_measured = std::ranges::any_of(
            devices, [&](const auto& one) { return one->info().backend == listing.info.backend; });
        if (listing.problem && of_a_kind_measured) {
            warnings.push_back(
                {WarningCode::partial_devices,
                 printable(listing.info.name) + " is left out: " + listing.problem->describe()});
        }
    }
    return warnings;
}

sampler::Options sampler_options(const MeasureRequest& request, const Devices& devices) {
    sampler::Options options;
    options.adaptive = request.adaptive;
    if (request.interval) {
        options.interval = to_nanoseconds(*request.interval);
    } else if (request.high_res) {
        options.interval = high_res_interval;
    } else {
        for (const auto& one : devices) {
            options.interval =
                std::min(options.interval, sampler::recommended_interval(one->info()));
        }
    }
    options.adaptive_slowest = std::max(options.adaptive_slowest, options.interval);
    return options;
}

Nanoseconds bracketing_time(const Devices& devices) {
    Nanoseconds time{0};
    for (const auto& one : devices) {
        time = std::max(time, sampler::bracketing_time(one->info()));
    }
    return time;
}

std::string host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) {
        return {};
    }
    return printable(name.data());
}

// The stages of one measurement, one after the other, on the caller's thread.
class Measurement {
public:
    Measurement(const MeasureRequest& request,
                const Context& context,
                RunRecord& record,
                Recording& recording,
                Nanoseconds bracket)
        : request_(request), context_(context), record_(record), recording_(recording),
          bracket_(bracket) {}

    Result<void> run() {
        record_baseline();
        if (auto marks = open_marks(); !marks) {
            return marks;
        }
        if (auto started = begin_window(); !started) {
            return started;
        }
        wait_for_window_end();
        close_window();
        wait_for_command();
        record_tail();
        return {};
    }

    [[nodiscard]] std::optional<int> exit_status() const {
        return exit_ ? std::optional<int>(exit_->status) : std::nullopt;
    }
    [[nodiscard]] bool interrupted() const { return interrupted_; }
    [[nodiscard]] std::vector<std::string> complaints() const {
        return marks_ ? marks_->complaints() : std::vector<std::string>{};
    }

private:
    // Waits with progress until `deadline`; false when asked to stop or when the store has failed.
    bool wait(const char* stage, Instant begin, std::optional<Instant> deadline) {
        for (;;) {
            const Instant now = context_.clock.now();
            report(stage, begin, deadline);
            if (deadline && now >= *deadline) {
                return true;
            }
            if (context_.stop.stop_requested() || recording_.failed()) {
                return false;
            }
            Instant next = now + progress_period;
            if (deadline) {
                next = std::min(next, *deadline);
            }
            context_.clock.sleep_until(next, context_.stop);
        }
    }

    void report(const char* stage, Instant begin, std::optional<Instant> deadline) const {
        Progress progress;
        progress.stage = stage;
        progress.elapsed = to_seconds(context_.clock.now() - begin);
        if (deadline) {
            progress.total = to_seconds(*deadline - begin);
        }
        recording_.fill(progress);
        context_.progress(progress);
    }

    // The sensor still speaks of what was before for a while, so a lead comes before the baseline
    // too.
    void record_baseline() {
        Instant begin = context_.clock.now();
        wait("lead", begin, begin + bracket_);
        if (!request_.baseline) {
            return;
        }
        begin = context_.clock.now();
        wait("baseline", begin, begin + to_nanoseconds(*request_.baseline));
        record_.baseline = Window{begin, context_.clock.now()};
        // The counter's and the sensor's view of the baseline's end must not be that of the work.
        begin = context_.clock.now();
        wait("lead", begin, begin + bracket_);
    }

    Result<void> open_marks() {
        if (request_.command.empty()) {
            return {};
        }
        auto socket = workload::MarkSocket::open(context_.clock);
        if (!socket) {
            return tl::unexpected(socket.error());
        }
        marks_ = std::move(*socket);
        return {};
    }

    Result<void> begin_window() {
        recording_.note_workload(true);
        Instant begin = context_.clock.now();
        if (!request_.command.empty()) {
            workload::CommandLine line{
                request_.command,
                {{std::string(workload::mark_socket_variable), marks_->path()}},
                request_.command_output_to_error};
            auto command = workload::Command::start(line, context_.clock);
            if (!command) {
                return tl::unexpected(command.error());
            }
            command_ = std::move(*command);
            begin = command_->started();
        }
        record_.window = Window{begin, begin};
        return recording_.update(record_);
    }

    void pass_signals_on() {
        for (const ReceivedSignal& signal : context_.take_signals()) {
            ++signals_;
            if (!signal.from_terminal && command_) {
                command_->signal(signal.number);
            }
        }
    }

    // A command is left to end by itself: it has had the signal too. From the third on, we go
    // without it.
    [[nodiscard]] bool told_to_leave() const {
        constexpr int patience = 3;
        return signals_ >= patience;
    }

    void wait_for_window_end() {
        const Instant begin = record_.window->begin;
        std::optional<Instant> deadline;
        if (request_.duration) {
            deadline = begin + to_nanoseconds(*request_.duration);
        }
        if (!command_) {
            interrupted_ = !wait("measuring", begin, deadline);
            return;
        }
        while (!exit_ && !told_to_leave() && !recording_.failed()) {
            const Instant now = context_.clock.now();
            if (deadline && now >= *deadline) {
                return;
            }
            report("measuring", begin, deadline);
            Instant next = now + progress_period;
            if (deadline) {
                next = std::min(next, *deadline);
            }
            exit_ = command_->wait_until(next);
            pass_signals_on();
        }
    }

    void close_window() {
        Instant end = exit_ ? exit_->time : context_.clock.now();
        if (request_.duration) {
            end = std::min(end, record_.window->begin + to_nanoseconds(*request_.duration));
        }
        record_.window->end = end;
        recording_.note_workload(false);
        if (marks_) {
            record_.marks = marks_->marks(end);
        }
    }

    void wait_for_command() {
        if (!command_ || exit_) {
            return;
        }
        const bool outlived = !told_to_leave() && !recording_.failed();
        while (!exit_ && !told_to_leave()) {
            exit_ = command_->wait_until(context_.clock.now() + progress_period);
            pass_signals_on();
        }
        if (!exit_) {
            interrupted_ = true;
        }
        if (outlived) {
            record_.warnings.push_back(
                {WarningCode::child_outlived_window,
                 exit_ ? fmt::format("the command ran on for {:.3g} s after the window closed",
                                     to_seconds(exit_->time - record_.window->end).value())
                       : std::string("the command was still running when we were told to leave")});
        }
    }

    void record_tail() {
        const Instant begin = context_.clock.now();
        const Instant end = std::max(begin, record_.window->end + bracket_);
        while (context_.clock.now() < end && !recording_.failed() && !told_to_leave()) {
            report("tail", begin, end);
            context_.clock.sleep_until(std::min(end, context_.clock.now() + progress_period), {});
            pass_signals_on();
        }
    }

    const MeasureRequest& request_;
    const Context& context_;
    RunRecord& record_;
    Recording& recording_;
    Nanoseconds bracket_;
    std::unique_ptr<workload::MarkSocket> marks_;
    std::unique_ptr<workload::Command> command_;
    std::optional<workload::Exit> exit_;
    int signals_ = 0;
    bool interrupted_ = false;
};

void conclude(RunRecord& record, const Measurement& measurement, const MeasureRequest& request) {
    record.exit_status = measurement.exit_status();
    const bool cut_short =
        measurement.interrupted() && (request.duration || !request.command.empty());
    record.state = cut_short ? RunState::interrupted : RunState::finished;
    const auto warn = [&](WarningCode code, std::string message) {
        record.warnings.push_back({code, std::move(message)});
    };
    if (cut_short) {
        warn(WarningCode::run_interrupted,
             "the measurement was interrupted; what was recorded until then is kept");
    }
    if (record.exit_status.value_or(0) != 0) {
        warn(WarningCode::child_failed,
             fmt::format("the command ended with status {}", *record.exit_status));
    }
    for (const Mark& mark : record.marks) {
        if (!mark.closed) {
            warn(WarningCode::mark_unclosed,
                 fmt::format("'{}' was never ended; it ends with the window", mark.name));
        }
    }
    for (const std::string& complaint : measurement.complaints()) {
        warn(WarningCode::mark_unclosed, complaint);
    }
    if (record.simulated) {
        warn(WarningCode::simulated, "measured on a simulated device, not on hardware");
    }
}

RunRecord new_record(const MeasureRequest& request) {
    RunRecord record;
    record.verb = "measure";
    record.tool_version = std::string(embedded::version);
    record.host = host_name();
    record.label = request.label;
    record.command = request.command;
    record.tokens = request.tokens;
    return record;
}

} // namespace

Result<MeasuredRun> measure(const MeasureRequest& request, const Context& context) {
    if (auto ok = check(request); !ok) {
        return tl::unexpected(ok.error());
    }
    auto devices = open_devices(request.devices, context.surroundings);
    if (!devices) {
        return tl::unexpected(devices.error());
    }
    const sampler::Options options = sampler_options(request, *devices);
    const Nanoseconds bracket = bracketing_time(*devices);
    auto store = open_store(context);
    if (!store) {
        return tl::unexpected(store.error());
    }
    RunRecord record = new_record(request);
    record.warnings = left_out(request, *devices, context.surroundings);
    auto recording = Recording::start(record, std::move(*devices), options, **store, context.clock);
    if (!recording) {
        return tl::unexpected(recording.error());
    }

    Measurement measurement(request, context, record, **recording, bracket);
    if (auto ran = measurement.run(); !ran) {
        // The command could not be started: there is nothing to keep.
        record.state = RunState::failed;
        static_cast<void>((*recording)->finish(record));
        static_cast<void>((*store)->remove(record.id));
        return tl::unexpected(ran.error());
    }
    conclude(record, measurement, request);
    if (auto finished = (*recording)->finish(record); !finished) {
        return tl::unexpected(finished.error());
    }

    auto loaded = load_run(record.id, {request.fixed_thresholds, request.idle_power}, context);
    if (!loaded) {
        return tl::unexpected(loaded.error());
    }
    return MeasuredRun{std::move(loaded->record),
                       std::move(loaded->analysis),
                       measurement.exit_status(),
                       measurement.interrupted()};
}

} // namespace joulemark::verbs
