#include "report/sample_runs.hpp"

#include "core/throttle.hpp"

namespace joulemark::test {

namespace {

using namespace analysis;
using namespace joulemark::literals;

Instant at(double seconds) {
    return instant_at(std::int64_t{1'000'000'000'000}) + to_nanoseconds(Seconds{seconds});
}

template <class Q> Estimate<Q> about(Q value, Q half, Source source = Source::measured) {
    return {value, Interval<Q>{value - half, value + half}, 0.95, source};
}

DeviceInfo h200() {
    DeviceInfo d;
    d.name = "sim:h200";
    d.backend = "sim";
    d.product = "NVIDIA H200 (simulated)";
    d.uuid = "GPU-00000000-0000-0000-0000-000000000001";
    d.serial = "1650000000001";
    d.pci_bus_id = "00000000:17:00.0";
    d.vbios = "96.00.A0.00.01";
    d.driver = "570.86.15";
    d.architecture = "hopper";
    d.compute_capability = "9.0";
    d.memory_total = Bytes{150.0e9};
    d.power_limit = 700_W;
    d.power_limit_default = 700_W;
    d.power_limit_min = 200_W;
    d.power_limit_max = 700_W;
    d.idle_power = 76_W;
    d.persistence_mode = true;
    d.mig_enabled = false;
    d.simulated = true;
    d.boundary = Boundary::gpu_board;
    d.power_sensor = SensorProfile{
        "NVML field 186 (instant power)", 100_ms, 25_ms, 12_ms, 0.05, Source::simulated};
    d.average_sensor =
        SensorProfile{"NVML field 185 (average power)", 100_ms, 1_s, {}, 0.05, Source::assumed};
    d.counter = CounterProfile{"NVML field 83 (total energy)", 100_ms, 0.05, Source::simulated};
    d.notes = {"readings come from a model, not from hardware"};
    return d;
}

Phase phase(PhaseKind kind, double from, double to, Watts mean) {
    Phase p;
    p.kind = kind;
    p.window = {at(from), at(to)};
    p.mean = mean;
    p.energy = mean * Seconds{to - from};
    p.peak = mean + 8_W;
    p.min = mean - 6_W;
    p.stdev = 3_W;
    p.cv = 3_W / mean;
    if (kind == PhaseKind::ramp || kind == PhaseKind::fall) {
        p.ramp_rate = WattsPerSecond{kind == PhaseKind::ramp ? 500.0 : -500.0};
    }
    p.inferred = kind != PhaseKind::prefill;
    return p;
}

PhaseReport phases() {
    PhaseReport report;
    report.phases = {phase(PhaseKind::idle, 0, 2, 80_W),
                     phase(PhaseKind::ramp, 2, 3, 330_W),
                     phase(PhaseKind::prefill, 3, 8, 640_W),
                     phase(PhaseKind::decode, 8, 27, 430_W),
                     phase(PhaseKind::fall, 27, 28, 255_W),
                     phase(PhaseKind::idle, 28, 30, 80_W)};
    for (std::size_t kind = 0; kind < phase_kind_count; ++kind) {
        PhaseSummary& summary = report.summary[kind];
        summary.kind = static_cast<PhaseKind>(kind);
        for (const Phase& p : report.phases) {
            if (p.kind != summary.kind) {
                continue;
            }
            ++summary.count;
            summary.time += to_seconds(p.window.length());
            summary.energy += p.energy;
        }
        if (summary.count > 0) {
            summary.mean = summary.energy / summary.time;
        }
    }
    report.levels.idle = 80_W;
    report.levels.active = 430_W;
    report.unresolved_count = 1;
    report.method.step = 100_ms;
    report.method.slope_window = 400_ms;
    report.method.slope_threshold = WattsPerSecond{70.0};
    report.method.dwell = 1_s;
    report.method.resolution = 250_ms;
    return report;
}

PowerStatistics statistics(Window window, Watts mean) {
    PowerStatistics s{};
    s.window = window;
    s.energy = mean * to_seconds(window.length());
    s.mean = about(mean, 4_W);
    s.stdev = 21_W;
    s.min = 76_W;
    s.peak = 668_W;
    s.peak_time = at(4);
    s.percentiles = {77_W, 80_W, 431_W, 642_W, 651_W};
    s.cv = about(0.4213, 0.012);
    s.correlation_time = 250_ms;
    s.effective_samples = 60.0;
    return s;
}

BinMeans curve() {
    BinMeans bins;
    bins.begin = at(0);
    bins.width = 100_ms;
    const PhaseReport report = phases();
    for (int i = 0; i < 300; ++i) {
        const Instant middle = at(0.1 * i + 0.05);
        double watts = 0.0;
        for (const Phase& p : report.phases) {
            if (p.window.contains(middle)) {
                watts = p.mean.value();
            }
        }
        bins.power_watts.push_back(watts);
        bins.valid.push_back(i >= 150 && i < 160 ? 0 : 1);
    }
    return bins;
}

EnergyResult energy() {
    EnergyResult e;
    e.energy = about(12'345_J, 632_J, Source::simulated);
    e.repeatability = Interval<Joules>{12'312_J, 12'378_J};
    e.method = EnergyMethod::counter;
    e.explanation = "energy counter, aligned to its ticks";
    e.by_counter = SourceEnergy{12'345_J, 33_J};
    e.by_power = SourceEnergy{12'301_J, 60_J};
    e.disagreement = -0.00356;
    e.tick = 100_ms;
    e.gap_time = 1_s;
    e.terms = {
        {"tick_timing", 30_J, false}, {"inside_tick", 13_J, false}, {"sensor_gain", 617_J, true}};
    return e;
}

MarkEnergy mark(const std::string& name, double from, double to, Joules joules) {
    MarkEnergy entry;
    entry.mark = {name, {at(from), at(to)}, true};
    entry.energy.energy = about(joules, joules / 20.0);
    entry.mean_power = joules / Seconds{to - from};
    return entry;
}

DeviceAnalysis full_device() {
    DeviceAnalysis d;
    const Window window{at(0), at(30)};
    d.device = h200();
    d.energy = energy();
    d.mean_power = about(411.5_W, 21.1_W);
    d.statistics = statistics(window, 411.5_W);
    d.steady = statistics({at(8.5), at(26.5)}, 430_W);
    d.steady->cv = about(0.0071, 0.0004);
    d.phases = phases();
    d.derivatives = Derivatives{400_ms,
                                3_W,
                                Slew{WattsPerSecond{1530.0}, at(2.5), true},
                                Slew{WattsPerSecond{-540.0}, at(27.5), false},
                                WattsPerSecond{610.0}};
    d.baseline = Baseline{about(80.2_W, 4.1_W), Window{at(-6), at(-1)}, 0.3_W};
    d.net_energy = about(9'939_J, 512_J);
    d.slow.temperature_mean = Celsius{58.0};
    d.slow.temperature_max = Celsius{66.0};
    d.slow.memory_temperature_max = Celsius{71.0};
    d.slow.utilisation_mean = 0.93;
    d.slow.memory_used_max = Bytes{96.0e9};
    d.slow.sm_clock_mean = Hertz{1.785e9};
    d.slow.memory_clock_mean = Hertz{3.2e9};
    d.slow.power_limit = 700_W;
    d.slow.throttle_reasons = bit(Throttle::power_cap) | bit(Throttle::idle);
    d.marks = {mark("prefill", 3, 8, 3'200_J),
               mark("decode", 8, 20, 5'160_J),
               mark("decode", 20, 27, 3'010_J)};
    d.sampling.samples = 2'990;
    d.sampling.unchanged_readings = 2'690;
    d.sampling.missed_deadlines = 3;
    d.sampling.failed_reads = 2;
    d.sampling.latency_p50 = std::chrono::microseconds(14);
    d.sampling.latency_p99 = std::chrono::microseconds(95);
    d.sampling.lateness_p99 = std::chrono::microseconds(80);
    d.sampling.lateness_max = std::chrono::microseconds(910);
    d.sampling.cpu_time = 60_ms;
    d.sampling.add_gap({{at(15), at(16)}, GapReason::read_failed});
    d.interval = std::chrono::milliseconds(10);
    d.curve = curve();
    d.warnings = {{WarningCode::gap, "1 s of 30 s are without readings"},
                  {WarningCode::window_too_short,
                   "a window of 0.1 s is short against a sensor step of 0.1 s: ±5.0 % before the "
                   "sensor's gain"}};
    return d;
}

RunRecord record() {
    RunRecord r;
    r.id = "20261120-180700-7f3a";
    r.verb = "measure";
    r.state = RunState::finished;
    r.tool_version = "0.1.0";
    r.host = "node-7";
    r.label = "llama 8B, batch 16";
    r.simulated = true;
    r.created_unix_ns = 1'795'198'020'000'000'000;
    r.anchor = WallAnchor{at(0), 1'795'198'020'123'000'000};
    r.interval = std::chrono::milliseconds(10);
    r.window = Window{at(0), at(30)};
    r.command = {"python3", "generate.py", "--tokens", "4096"};
    r.exit_status = 0;
    r.tokens = 4096;
    r.devices = {h200()};
    r.warnings = {{WarningCode::simulated, "measured on a simulated device, not on hardware"}};
    return r;
}

} // namespace

SampleRun full_run() {
    SampleRun run{record(), {}};
    run.analysis.window = *run.record.window;
    run.analysis.devices = {full_device()};
    run.analysis.total_energy = about(12'345_J, 632_J, Source::simulated);
    run.analysis.total_net_energy = about(9'939_J, 512_J);
    run.analysis.mean_power = about(411.5_W, 21.1_W);
    run.analysis.peak_power = 668_W;
    run.analysis.power_cv = about(0.4213, 0.012);
    run.analysis.joules_per_token = about(3.014, 0.154);
    run.analysis.tokens_per_joule = about(0.3318, 0.017);
    run.analysis.counted = {0};
    return run;
}

SampleRun two_device_run() {
    SampleRun run = full_run();
    DeviceAnalysis second = full_device();
    second.device.name = "nvml:1";
    second.device.product = "NVIDIA H200";
    second.device.simulated = false;
    second.marks.clear();
    second.phases.reset();
    run.record.devices.push_back(second.device);
    run.analysis.devices.push_back(std::move(second));
    run.analysis.total_energy = about(24'690_J, 894_J);
    run.analysis.mean_power = about(823_W, 29.8_W);
    run.analysis.peak_power = 1'336_W;
    run.analysis.counted = {0, 1};
    return run;
}

SampleRun unknown_run() {
    SampleRun run{record(), {}};
    run.record.state = RunState::interrupted;
    run.record.exit_status = 143;
    run.record.tokens.reset();
    run.record.anchor.reset();
    run.record.label.clear();
    run.record.devices.front().product.clear();
    run.analysis.window = *run.record.window;
    DeviceAnalysis device;
    device.device.name = "nvml:0";
    device.device.backend = "nvml";
    device.energy.explanation = "no power and no energy readings in the window";
    device.warnings = {{WarningCode::no_power,
                        "nvml:0 gave no power readings in the window: its energy is not known"}};
    run.analysis.devices = {device};
    return run;
}

SampleRun run_with_text(const std::string& text) {
    SampleRun run = full_run();
    RunRecord& r = run.record;
    for (std::string* field :
         {&r.id, &r.verb, &r.label, &r.host, &r.source_file, &r.tool_version}) {
        *field = text;
    }
    r.command = {text, text};
    r.warnings = {{WarningCode::gap, text}};
    for (DeviceInfo* d : {&r.devices.front(), &run.analysis.devices.front().device}) {
        for (std::string* field : {&d->name, &d->backend, &d->product, &d->power_sensor->field}) {
            *field = text;
        }
        d->uuid = d->serial = d->pci_bus_id = d->vbios = d->driver = d->architecture = text;
        d->notes = {text};
    }
    run.analysis.devices.front().warnings = {{WarningCode::gap, text}};
    run.analysis.devices.front().marks.front().mark.name = text;
    return run;
}

Inventory sample_inventory() {
    Inventory inventory;
    inventory.devices.push_back({h200(), {}});
    DeviceInfo refused;
    refused.name = "powercap:package-0";
    refused.backend = "powercap";
    refused.product = "CPU package 0";
    refused.boundary = Boundary::cpu_package;
    refused.counter = CounterProfile{"energy_uj", {}, 0.05, Source::assumed};
    inventory.devices.push_back(
        {refused,
         Error{Kind::permission,
               "energy_uj may only be read by root; run 'sudo chmod a+r' on it",
               "/sys/class/powercap/intel-rapl:0"}});
    inventory.backends = {
        {"nvml", false, "libnvidia-ml.so.1 was not found", "install the NVIDIA driver"},
        {"powercap", true, "1 power source", ""}};
    return inventory;
}

Inventory inventory_with_text(const std::string& text) {
    Inventory inventory;
    const SampleRun run = run_with_text(text);
    inventory.devices.push_back({run.record.devices.front(), Error{Kind::io, text, text}});
    inventory.backends = {{text, false, text, text}};
    return inventory;
}

Diagnosis sample_diagnosis() {
    return {
        {{"nvml", Health::bad, "libnvidia-ml.so.1 was not found", "install the NVIDIA driver"},
         {"powercap",
          Health::limited,
          "the counter of package-0 may only be read by root, so that its energy of 5.0 % is "
          "missing",
          "run 'sudo chmod a+r' on energy_uj"},
         {"store", Health::good, "runs are kept in /home/a/.local/share/joulemark/runs.db", ""}},
        sample_inventory(),
        false};
}

} // namespace joulemark::test
