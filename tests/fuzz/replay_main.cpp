// Feeds files to a fuzz target, one after the other, for compilers without libFuzzer: every input
// that once crashed a parser is tried again by the ordinary test suite.
//
//     fuzz_replay_<target> FILE_OR_FOLDER...
//
// A folder stands for the files in it; one that does not exist stands for none. The empty input is
// always tried.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::filesystem::path> files_of(const std::filesystem::path& path) {
    if (!std::filesystem::is_directory(path)) {
        return std::filesystem::exists(path) ? std::vector{path}
                                             : std::vector<std::filesystem::path>{};
    }
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
        if (entry.is_regular_file()) {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    return files;
}

void feed(const std::vector<std::uint8_t>& bytes) {
    // The copy is exactly as long as the input, so that the sanitizer sees a read past its end.
    const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

} // namespace

int main(int argc, char** argv) {
    feed({});
    std::size_t count = 0;
    for (int i = 1; i < argc; ++i) {
        for (const auto& path : files_of(argv[i])) {
            std::ifstream file(path, std::ios::binary);
            if (!file) {
                std::fprintf(stderr, "cannot read %s\n", path.c_str());
                return 1;
            }
            // Named first: a crash says nothing about its input.
            std::printf("%s\n", path.c_str());
            std::fflush(stdout);
            feed({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
            ++count;
        }
    }
    std::printf("%zu inputs and the empty one\n", count);
    return 0;
}
