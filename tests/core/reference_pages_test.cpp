// docs/reference/metrics.md and warnings.md are the tables of core, written out. JOULEMARK_BLESS=1
// writes them anew.
#include "core/metric.hpp"
#include "core/warning.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace joulemark {
namespace {

std::string metrics_page() {
    std::string page = "# Metrics\n\nGenerated from the metric table (`src/core/metric.cpp`): "
                       "`JOULEMARK_BLESS=1 build/dev/tests/test_core "
                       "--gtest_filter='ReferencePages*'`.\n\nFast metrics are read at every "
                       "sample, slow ones twice a second. A "
                       "reading that is missing is an empty cell or `null`, never 0.\n\n"
                       "| metric | CSV | JSON | Prometheus | unit | channel | over devices | "
                       "meaning |\n|---|---|---|---|---|---|---|---|\n";
    const auto over_devices = [](Aggregation a) {
        switch (a) {
        case Aggregation::sum:
            return "sum";
        case Aggregation::mean:
            return "mean";
        case Aggregation::max:
            return "maximum";
        case Aggregation::any:
            return "any";
        }
        return "";
    };
    for (const MetricInfo& m : metric_table()) {
        page += fmt::format("| {} | `{}` | `{}` | `{}` | {} | {} | {} | {} |\n",
                            m.label,
                            m.csv,
                            m.json,
                            m.prometheus,
                            m.unit,
                            m.channel == Channel::fast ? "fast" : "slow",
                            over_devices(m.aggregation),
                            m.help);
    }
    return page;
}

std::string warnings_page() {
    std::string page = "# Warnings\n\nGenerated from the warning table (`src/core/warning.cpp`): "
                       "`JOULEMARK_BLESS=1 "
                       "build/dev/tests/test_core --gtest_filter='ReferencePages*'`.\n\nReasons to "
                       "doubt a number. Scripts match the "
                       "code in `warnings[].code`; the message beside it has the figures of the "
                       "case.\n\n| code | meaning |\n|---|---|\n";
    for (const WarningInfo& w : warning_table()) {
        page += fmt::format("| `{}` | {} |\n", w.name, w.meaning);
    }
    return page;
}

void compare(const std::string& name, const std::string& page) {
    const std::string path = std::string(JOULEMARK_SOURCE_DIR) + "/docs/reference/" + name;
    if (std::getenv("JOULEMARK_BLESS") != nullptr) {
        std::ofstream(path) << page;
    }
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    EXPECT_EQ(text.str(), page) << path
                                << " is not what the table says; run again with JOULEMARK_BLESS=1";
}

TEST(ReferencePages, MetricsAreTheMetricTable) { compare("metrics.md", metrics_page()); }

TEST(ReferencePages, WarningsAreTheWarningTable) { compare("warnings.md", warnings_page()); }

} // namespace
} // namespace joulemark
