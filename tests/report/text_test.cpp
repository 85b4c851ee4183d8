// What people read: golden pages in tests/golden/, and what must hold on every page.
#include "report/inventory_text.hpp"
#include "report/run_text.hpp"
#include "report/sample_runs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace joulemark::report {

namespace {

using testing::HasSubstr;
using testing::Not;

constexpr TextStyle unicode{.colour = false, .unicode = true, .width = 80};
constexpr TextStyle ascii{.colour = false, .unicode = false, .width = 80};
constexpr TextStyle colour{.colour = true, .unicode = true, .width = 80};

// With JOULEMARK_BLESS set, writes the page instead: look at the difference before it is committed.
void expect_golden(const std::string& name, const std::string& text) {
    const std::string path = JOULEMARK_SOURCE_DIR "/tests/golden/" + name + ".txt";
    if (std::getenv("JOULEMARK_BLESS") != nullptr) {
        std::ofstream(path, std::ios::binary) << text;
        return;
    }
    std::ifstream file(path, std::ios::binary);
    const std::string golden{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(text, golden) << path << " (JOULEMARK_BLESS=1 writes it anew)";
}

std::string page_of(const test::SampleRun& run, const TextStyle& style) {
    return run_text(run.record, run.analysis, {}, style);
}

bool is_ascii(const std::string& text) {
    return std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= ' ' && c < '\x7f'); });
}

std::size_t widest_line(const std::string& text) {
    std::istringstream lines(text);
    std::size_t widest = 0;
    for (std::string line; std::getline(lines, line);) {
        widest = std::max(widest, display_width(line));
    }
    return widest;
}

} // namespace

TEST(RunTextPage, IsAsBlessed) {
    expect_golden("run_unicode", page_of(test::full_run(), unicode));
    expect_golden("run_ascii", page_of(test::full_run(), ascii));
    expect_golden("run_colour", page_of(test::full_run(), colour));
    expect_golden("run_two_devices", page_of(test::two_device_run(), unicode));
    expect_golden("run_unknown", page_of(test::unknown_run(), unicode));
    expect_golden("run_hostile", page_of(test::run_with_text(test::hostile), unicode));
}

TEST(RunTextPage, OfAnImportIsAsBlessed) {
    const auto [record, run] = test::full_run();
    const ImportNote note{
        "nvidia-smi", 12'000, 7, {{17, "the power 'N/A' is no number"}, {90, test::hostile}}};
    expect_golden("run_import", run_text(record, run, note, unicode));
}

TEST(InventoryTextPage, IsAsBlessed) {
    expect_golden("devices_unicode", devices_text(test::sample_inventory(), unicode));
    expect_golden("devices_ascii", devices_text(test::sample_inventory(), ascii));
    expect_golden("devices_none", devices_text({{}, test::sample_inventory().backends}, unicode));
    expect_golden("doctor_unicode", doctor_text(test::sample_diagnosis(), unicode));
    expect_golden("doctor_ascii", doctor_text(test::sample_diagnosis(), ascii));
}

TEST(RunsTextPage, IsAsBlessed) {
    expect_golden(
        "runs",
        runs_text({{test::full_run().record, 2'990, 8'123}, {test::unknown_run().record, 0, 0}},
                  unicode));
}

TEST(Page, WithoutUnicodeIsAsciiWhateverItIsMadeOf) {
    const test::SampleRun umlauts = test::run_with_text("Müller ± 5 µs … → ✓");
    EXPECT_TRUE(is_ascii(page_of(test::full_run(), ascii)));
    EXPECT_TRUE(is_ascii(page_of(umlauts, ascii)));
    EXPECT_TRUE(is_ascii(runs_text({{umlauts.record, 1, 1}}, ascii)));
    EXPECT_TRUE(is_ascii(devices_text(test::inventory_with_text("Müller µ"), ascii)));
    EXPECT_TRUE(is_ascii(doctor_text(test::sample_diagnosis(), ascii)));
}

TEST(Page, LetsNoTerminalSequenceThrough) {
    const test::SampleRun run = test::run_with_text(test::hostile);
    const Diagnosis diagnosis{{{test::hostile, Health::bad, test::hostile, test::hostile}},
                              test::inventory_with_text(test::hostile),
                              false};
    const ImportNote note{test::hostile, 1, 1, {{1, test::hostile}}};
    for (const std::string& text : {run_text(run.record, run.analysis, note, unicode),
                                    runs_text({{run.record, 1, 1}}, unicode),
                                    devices_text(diagnosis.inventory, unicode),
                                    doctor_text(diagnosis, unicode)}) {
        EXPECT_THAT(text, HasSubstr("\\x1b[2J"));
        EXPECT_EQ(text.find_first_of("\x1b\x07\xff\xfe"), std::string::npos);
        EXPECT_THAT(text, Not(HasSubstr("\xc2\x9b")));
    }
}

TEST(Page, KeepsToItsWidth) {
    for (const std::size_t width : {60U, 80U, 200U}) {
        for (const bool with_unicode : {true, false}) {
            const TextStyle style{.colour = false, .unicode = with_unicode, .width = width};
            for (const auto& run : {test::full_run(),
                                    test::two_device_run(),
                                    test::unknown_run(),
                                    test::run_with_text(test::hostile),
                                    test::run_with_text(std::string(300, 'x'))}) {
                EXPECT_LE(widest_line(page_of(run, style)), std::max<std::size_t>(width, 74));
            }
            EXPECT_LE(widest_line(devices_text(test::sample_inventory(), style)), width);
            EXPECT_LE(widest_line(doctor_text(test::sample_diagnosis(), style)), width);
        }
    }
}

TEST(Page, HasColourOnlyWhereTheStyleHas) {
    EXPECT_THAT(page_of(test::full_run(), colour), HasSubstr("\x1b["));
    EXPECT_THAT(page_of(test::full_run(), unicode), Not(HasSubstr("\x1b")));
}

TEST(Page, SaysThatARunWasSimulated) {
    test::SampleRun run = test::full_run();
    for (DeviceInfo* d : {&run.record.devices[0], &run.analysis.devices[0].device}) {
        d->product = "NVIDIA H200";
    }
    EXPECT_THAT(page_of(run, ascii), HasSubstr("measure - simulated"));
    EXPECT_THAT(page_of(run, ascii), HasSubstr("NVIDIA H200  sim:h200 (simulated)"));
    EXPECT_THAT(runs_text({{run.record, 1, 1}}, ascii), HasSubstr("measure (simulated)"));
    EXPECT_THAT(devices_text({{{run.record.devices[0], {}}}, {}}, ascii), HasSubstr("(simulated)"));
}

TEST(Page, NeverShowsZeroForAnUnknownEnergy) {
    const std::string text = page_of(test::unknown_run(), ascii);
    EXPECT_THAT(text, HasSubstr("Energy      not known"));
    EXPECT_THAT(text, Not(HasSubstr("0 J")));
}

} // namespace joulemark::report
