// Every document keeps the promise of its schema in data/schemas, and writes no key that the schema
// does not describe.
#include "analysis/analyse.hpp"
#include "report/inventory_document.hpp"
#include "report/run_document.hpp"
#include "report/sample_runs.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace joulemark::report {

namespace {

using nlohmann::json;

// Keys beyond the described ones are forbidden here, though not to users of the schema.
void forbid_undescribed_keys(json& schema) {
    if (schema.is_object()) {
        if (schema.contains("properties") && schema.contains("type")) {
            schema["additionalProperties"] = false;
        }
        for (auto& part : schema) {
            forbid_undescribed_keys(part);
        }
    } else if (schema.is_array()) {
        for (auto& part : schema) {
            forbid_undescribed_keys(part);
        }
    }
}

json schema_of(const json& document) {
    std::string name = document.value("schema", "none");
    std::ranges::replace(name, '/', '-');
    std::ifstream file(std::string(JOULEMARK_SOURCE_DIR "/data/schemas/") + name + ".schema.json");
    json schema = json::parse(file);
    forbid_undescribed_keys(schema);
    return schema;
}

// Empty when the document is as its schema says, else what is wrong.
std::string violations(const json& document) {
    const json source = schema_of(document);
    valijson::Schema schema;
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(source), schema);
    valijson::Validator validator;
    valijson::ValidationResults results;
    std::string out;
    if (validator.validate(schema, valijson::adapters::NlohmannJsonAdapter(document), &results)) {
        return out;
    }
    valijson::ValidationResults::Error error;
    while (results.popError(error)) {
        for (const std::string& part : error.context) {
            out += part;
        }
        out += ": " + error.description + "\n";
    }
    return out;
}

std::string violations_of(const std::string& text) { return violations(json::parse(text)); }

// A second at rest, five at work, a second at rest, read every 10 ms.
Trace square_trace() {
    TraceInfo info;
    info.device.name = "nvml:0";
    info.device.backend = "nvml";
    info.device.boundary = Boundary::gpu_board;
    info.interval = std::chrono::milliseconds(10);
    Columns fast;
    for (int i = 0; i <= 700; ++i) {
        fast.time.push_back(instant_at(1'000'000'000) + i * info.interval);
        fast.values(Metric::power).push_back((i > 100 && i < 600 ? 400.0 : 80.0) + i % 3);
    }
    SamplingReport report;
    report.samples = fast.size();
    auto trace = Trace::make(info, fast, {}, report);
    EXPECT_TRUE(trace);
    return std::move(*trace);
}

} // namespace

TEST(RunSchema, HoldsWithEverythingKnown) {
    const auto [record, run] = test::full_run();
    EXPECT_EQ(violations_of(run_document(record, run)), "");
}

TEST(RunSchema, HoldsForSeveralDevices) {
    const auto [record, run] = test::two_device_run();
    EXPECT_EQ(violations_of(run_document(record, run)), "");
}

TEST(RunSchema, HoldsWithNothingKnownAndNothingIsZero) {
    const auto [record, run] = test::unknown_run();
    const std::string text = run_document(record, run);
    EXPECT_EQ(violations_of(text), "");
    const json document = json::parse(text);
    for (const char* key : {"total_energy_joules",
                            "energy",
                            "net_energy_joules",
                            "avg_power_watts",
                            "peak_power_watts",
                            "power_cv",
                            "joules_per_token"}) {
        EXPECT_TRUE(document.at(key).is_null()) << key;
    }
    EXPECT_TRUE(document.at("devices").at(0).at("total_energy_joules").is_null());
    EXPECT_EQ(document.at("energy_source"), "none");
}

TEST(RunSchema, HoldsForAnImport) {
    const auto [record, run] = test::full_run();
    const ImportNote note{
        "nvidia-smi", 12'000, 2, {{17, "the power 'N/A' is no number"}, {90, "cut off"}}};
    const std::string text = run_document(record, run, note);
    EXPECT_EQ(violations_of(text), "");
    EXPECT_EQ(json::parse(text).at("import").at("rejected_rows").at(0).at("line"), 17);
}

TEST(RunSchema, HoldsForWhatTheAnalysisReallySays) {
    RunRecord record;
    record.id = "20261120-180700-0001";
    record.verb = "measure";
    record.state = RunState::finished;
    const Trace trace = square_trace();
    record.devices = {trace.info().device};
    record.marks = {{"prefill", {instant_at(2'000'000'000), instant_at(3'000'000'000)}, true},
                    {"decode", {instant_at(3'000'000'000), instant_at(8'000'000'000)}, false}};
    const auto run = analysis::analyse(record, std::span(&trace, 1));
    ASSERT_TRUE(run) << run.error().describe();
    EXPECT_EQ(violations_of(run_document(record, *run)), "");
}

TEST(RunsSchema, HoldsForRunsInEveryState) {
    RunSummary open{test::full_run().record, 0, 0};
    open.record.state = RunState::recording;
    open.record.window = Window{};
    const std::vector<RunSummary> runs{
        {test::full_run().record, 2'990, 8'123}, {test::unknown_run().record, 0, 0}, open};
    EXPECT_EQ(violations_of(runs_document(runs)), "");
    EXPECT_EQ(violations_of(runs_document({})), "");
    EXPECT_TRUE(json::parse(runs_document(runs)).at("runs").at(2).at("duration_seconds").is_null());
}

TEST(DevicesSchema, HoldsForReadableAndRefusedDevices) {
    EXPECT_EQ(violations_of(devices_document(test::sample_inventory())), "");
    EXPECT_EQ(violations_of(devices_document({})), "");
}

TEST(DoctorSchema, Holds) {
    EXPECT_EQ(violations_of(doctor_document(test::sample_diagnosis())), "");
}

TEST(ErrorSchema, HoldsForEveryKind) {
    for (int kind = 0; kind <= static_cast<int>(Kind::internal); ++kind) {
        const Error error{
            static_cast<Kind>(kind), "a thing, a reason, a fix", kind % 2 == 0 ? "" : "line 3"};
        EXPECT_EQ(violations_of(error_document(error)), "");
    }
}

TEST(Schemas, RefuseUnknownKeysMissingKeysAndWrongTypes) {
    const json good = json::parse(error_document({Kind::io, "message", ""}));
    json more = good;
    more["error"]["hint"] = "undescribed";
    json less = good;
    less.erase("warnings");
    json other = good;
    other["error"]["kind"] = "bad luck";
    for (const json& document : {more, less, other}) {
        EXPECT_NE(violations(document), "");
    }
}

TEST(Documents, AreSafeForATerminalWhateverTheTextsSay) {
    const auto [record, run] = test::run_with_text(test::hostile);
    for (const std::string& text :
         {run_document(record, run, ImportNote{test::hostile, 1, 1, {{1, test::hostile}}}),
          runs_document({{record, 1, 1}}),
          devices_document(test::inventory_with_text(test::hostile)),
          error_document({Kind::io, test::hostile, test::hostile})}) {
        EXPECT_EQ(violations_of(text), "");
        EXPECT_TRUE(std::ranges::all_of(
            text, [](char c) { return c == '\n' || (c >= ' ' && c < '\x7f'); }));
    }
}

TEST(Documents, SayThatARunWasSimulated) {
    const auto [record, run] = test::full_run();
    EXPECT_EQ(json::parse(run_document(record, run)).at("simulated"), true);
    EXPECT_EQ(json::parse(runs_document({{record, 1, 1}})).at("simulated"), true);
    EXPECT_EQ(json::parse(devices_document(test::sample_inventory())).at("simulated"), true);
    EXPECT_EQ(json::parse(devices_document({})).at("simulated"), false);
}

TEST(Documents, HaveNullWhereANumberIsNotFinite) {
    auto [record, run] = test::full_run();
    run.peak_power = Watts{std::numeric_limits<double>::infinity()};
    run.devices[0].slow.utilisation_mean = std::numeric_limits<double>::quiet_NaN();
    const json document = json::parse(run_document(record, run));
    EXPECT_TRUE(document.at("peak_power_watts").is_null());
    EXPECT_TRUE(document.at("devices").at(0).at("conditions").at("utilisation_mean").is_null());
}

} // namespace joulemark::report
