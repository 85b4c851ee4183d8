#include "store/surroundings.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace joulemark::test {

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "joulemark-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        ADD_FAILURE() << "cannot make a temporary folder";
    }
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

pid_t start_child(const std::function<int()>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(work());
    }
    return child;
}

int wait_for(pid_t child) {
    int status = 0;
    if (::waitpid(child, &status, 0) != child) {
        return -1;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string contents(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

RunRecord full_record() {
    const auto at = [](std::int64_t s) { return instant_at(s * 1'000'000'000); };
    RunRecord record;
    record.id = "20261120-180700-7f3a";
    record.verb = "measure";
    record.state = RunState::failed;
    record.tool_version = "1.2.3";
    record.host = "rack-7";
    record.label = "größer \x1b[31m\n";
    record.simulated = true;
    record.created_unix_ns = 1'795'198'020'123'456'789;
    record.anchor = WallAnchor{at(7), 1'795'198'020'000'000'001};
    record.interval = std::chrono::milliseconds{10};
    record.window = Window{at(10), at(70)};
    record.baseline = Window{at(-2), at(9)};
    record.command = {"python3", "serve.py", "", "--batch=8"};
    record.exit_status = 143;
    record.tokens = 123'456'789'012;
    record.source_file = "/logs/gpu.csv";
    record.marks = {{"prefill", {at(11), at(12)}, true}, {"prefill", {at(11), at(30)}, false}};
    for (const WarningInfo& row : warning_table()) {
        record.warnings.push_back({row.code, "about " + std::string(row.name)});
    }
    DeviceInfo device;
    device.name = "nvml:0";
    device.backend = "nvml";
    device.product = "NVIDIA H200";
    device.uuid = "GPU-1234";
    device.serial = "1650";
    device.pci_bus_id = "0000:1b:00.0";
    device.vbios = "96.00";
    device.driver = "570.1";
    device.architecture = "Hopper";
    device.compute_capability = "9.0";
    device.memory_total = Bytes{150754820096.0};
    device.power_limit = 700_W;
    device.power_limit_default = 701_W;
    device.power_limit_min = 200_W;
    device.power_limit_max = 702_W;
    device.idle_power = Watts{71.3};
    device.persistence_mode = false;
    device.mig_enabled = true;
    device.virtual_gpu = true;
    device.simulated = true;
    device.boundary = Boundary::module;
    device.power_sensor =
        SensorProfile{"field 186", 100_ms, 25_ms, Seconds{0.0125}, 0.051, Source::measured};
    device.average_sensor =
        SensorProfile{"field 185", 100_ms, 1_s, std::nullopt, 0.052, Source::interpolated};
    device.counter = CounterProfile{"field 83", 20_ms, 0.053, Source::simulated};
    device.notes = {"first note", "second note"};
    record.devices = {device};
    for (const Boundary boundary : {Boundary::gpu_board,
                                    Boundary::cpu_package,
                                    Boundary::cpu_core,
                                    Boundary::dram,
                                    Boundary::system,
                                    Boundary::unknown}) {
        DeviceInfo other;
        other.name = "other:" + std::string(to_string(boundary));
        other.boundary = boundary;
        record.devices.push_back(other);
    }
    return record;
}

RunRecord plain_record(std::size_t devices) {
    RunRecord record;
    record.verb = "measure";
    record.interval = std::chrono::milliseconds{10};
    for (std::size_t i = 0; i < devices; ++i) {
        DeviceInfo device;
        device.name = "sim:" + std::to_string(i);
        record.devices.push_back(device);
    }
    return record;
}

std::unique_ptr<store::Store> open_store(const std::string& file) {
    auto store = store::Store::open(file);
    if (!store) {
        ADD_FAILURE() << store.error().describe();
        return nullptr;
    }
    return std::move(*store);
}

} // namespace joulemark::test
