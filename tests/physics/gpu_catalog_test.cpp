#include "physics/gpu_catalog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

namespace joulemark::physics {
namespace {

using testing::HasSubstr;

std::string catalogue_file() {
    std::ifstream in(JOULEMARK_SOURCE_DIR "/data/gpus.csv");
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string with(std::string text, std::string_view what, std::string_view instead) {
    return text.replace(text.find(what), what.size(), instead);
}

TEST(GpuCatalog, HoldsTheRowsOfItsFile) {
    const auto read = read_gpu_catalog(catalogue_file());
    ASSERT_TRUE(read) << read.error().describe();
    EXPECT_EQ(read->size(), gpu_catalog().size());
    EXPECT_GE(gpu_catalog().size(), 16U);
}

TEST(GpuCatalog, RowsAreConsistent) {
    std::set<std::string> names;
    for (const GpuSpec& gpu : gpu_catalog()) {
        EXPECT_TRUE(names.insert(gpu.name).second) << gpu.name;
        EXPECT_FALSE(gpu.source.empty()) << gpu.name;
        EXPECT_EQ(gpu.idle_power.has_value(), !gpu.idle_source.empty()) << gpu.name;
        EXPECT_TRUE(gpu.fp16_rate) << gpu.name;
        const bool before_ampere = gpu.architecture < Architecture::ampere_ga100;
        EXPECT_EQ(gpu.bf16_rate.has_value(), !before_ampere) << gpu.name;
        const bool before_ada = gpu.architecture < Architecture::ada;
        EXPECT_EQ(gpu.fp8_rate.has_value(), !before_ada) << gpu.name;
    }
}

TEST(GpuCatalog, EveryNameLeadsToItsRow) {
    for (const GpuSpec& gpu : gpu_catalog()) {
        for (const std::string& name : gpu.aliases) {
            EXPECT_EQ(find_gpu(name)->name, gpu.name) << name;
        }
        EXPECT_EQ(find_gpu(gpu.name)->name, gpu.name);
        EXPECT_EQ(find_gpu(gpu.product)->name, gpu.name);
    }
}

TEST(FindGpu, ForgivesHowANameIsWritten) {
    for (const char* name : {"h200", "H200", "NVIDIA H200", "nvidia_h200", " H200 ", "H200-SXM"}) {
        EXPECT_EQ(find_gpu(name)->name, "h200") << name;
    }
    EXPECT_EQ(find_gpu("a100-sxm4-80gb")->name, "a100");
    EXPECT_EQ(find_gpu("NVIDIA A100-SXM4-80GB")->name, "a100");
    EXPECT_EQ(find_gpu("GeForce RTX 4090")->name, "rtx4090");
    EXPECT_EQ(find_gpu("4090 D")->name, "rtx4090d");
    EXPECT_EQ(find_gpu("tesla_t4")->name, "t4");
}

TEST(FindGpu, KnowsTheCardsApart) {
    EXPECT_EQ(find_gpu("NVIDIA H100 80GB HBM3")->tdp, 700_W);
    EXPECT_EQ(find_gpu("NVIDIA H100 PCIe")->tdp, 350_W);
    EXPECT_EQ(find_gpu("NVIDIA A100-PCIE-40GB")->tdp, 250_W);
    EXPECT_EQ(find_gpu("h200")->idle_power, 70_W);
    EXPECT_FALSE(find_gpu("b200")->idle_power);
}

TEST(FindGpu, OffersTheNearestNamesOnAMiss) {
    const auto miss = find_gpu("h20x");
    ASSERT_FALSE(miss);
    EXPECT_EQ(miss.error().kind, Kind::not_found);
    EXPECT_THAT(miss.error().message, HasSubstr("'h20x'"));
    EXPECT_THAT(miss.error().message, HasSubstr("h200"));
    EXPECT_THAT(find_gpu("rtx5080").error().message, HasSubstr("names are rtx5090, rtx"));
    EXPECT_THAT(find_gpu("t5").error().message, HasSubstr("names are t4, "));
}

TEST(FindGpu, ShowsForeignTextSafely) {
    const auto miss = find_gpu("\x1b[31m" + std::string(5000, 'x'));
    ASSERT_FALSE(miss);
    EXPECT_EQ(miss.error().message.find('\x1b'), std::string::npos);
    EXPECT_LT(miss.error().message.size(), 300U);
    EXPECT_FALSE(find_gpu(""));
    EXPECT_FALSE(find_gpu("nvidia"));
}

TEST(ReadGpuCatalog, NamesTheLineAndTheColumnOfAMistake) {
    const std::string good = catalogue_file();
    const auto message = [](const std::string& text) {
        const auto read = read_gpu_catalog(text);
        return read ? std::string("accepted") : read.error().message;
    };
    EXPECT_THAT(message(""), HasSubstr("line 1"));
    EXPECT_THAT(message(with(good, "tdp_w", "tdp_kw")), HasSubstr("header"));
    EXPECT_THAT(message(with(good, "HBM3e,4800,", "HBM3e,fast,")),
                HasSubstr("line 3: bandwidth_gb_s is 'fast'"));
    EXPECT_THAT(message(with(good, "HBM3e,4800,", "HBM3e,-1,")),
                HasSubstr("line 3: bandwidth_gb_s"));
    EXPECT_THAT(message(with(good, "HBM3e,4800,", ",4800,")),
                HasSubstr("line 3: memory_type is empty"));
    EXPECT_THAT(message(with(good, "HBM3e,4800,", "HBM3e,")),
                HasSubstr("line 3: 15 cells instead of 16"));
    EXPECT_THAT(message(with(good, ",9.0,141,", ",5,141,")),
                HasSubstr("line 3: unknown compute capability"));
    EXPECT_THAT(message(with(good, ",700,70,", ",700,700,")), HasSubstr("line 3: idle power"));
}

TEST(PowerModelOf, ReachesTheCapWithBothRoofsAndNeverBelow) {
    for (const GpuSpec& gpu : gpu_catalog()) {
        const PowerModel model = power_model_of(gpu);
        EXPECT_GT(model.idle, 0_W);
        EXPECT_LT(model.idle, model.cap);
        EXPECT_EQ(model.cap, gpu.tdp);
        EXPECT_TRUE(model.is_capped({.memory = 1.0, .compute = 1.0}));
        EXPECT_FALSE(model.is_capped({.memory = 1.0, .compute = 0.0}));
        EXPECT_FALSE(model.is_capped({.memory = 0.0, .compute = 1.0}));
    }
}

} // namespace
} // namespace joulemark::physics
