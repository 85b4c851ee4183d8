# Every tests/fuzz/<target>.cpp defines LLVMFuzzerTestOneInput. With clang it becomes the libFuzzer
# target fuzz_<target>, which starts from tests/fuzz/corpus/<target>/ and runs JOULEMARK_FUZZ_SECONDS;
# with any other compiler fuzz_replay_<target>, which feeds it that corpus once. An input that once
# crashed a parser goes into the corpus and is tried by both for ever.
file(GLOB fuzz_sources CONFIGURE_DEPENDS fuzz/*.cpp)
list(FILTER fuzz_sources EXCLUDE REGEX "/replay_main\\.cpp$")
foreach(source IN LISTS fuzz_sources)
    get_filename_component(name ${source} NAME_WE)
    set(corpus "${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name}")
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
        set(target fuzz_${name})
        add_executable(${target} ${source})
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
        # What libFuzzer finds goes into the first folder, in the build tree; it reads both.
        set(found "${PROJECT_BINARY_DIR}/corpus/${name}")
        file(MAKE_DIRECTORY "${found}")
        set(seeds "")
        if(IS_DIRECTORY "${corpus}")
            set(seeds "${corpus}")
        endif()
        math(EXPR limit "${JOULEMARK_FUZZ_SECONDS} * 2 + 120")
        joulemark_test(${target} fuzz ${limit}
            ${target} -max_total_time=${JOULEMARK_FUZZ_SECONDS} -timeout=10 -rss_limit_mb=2048
            -print_final_stats=1 -artifact_prefix=${PROJECT_BINARY_DIR}/crash_${name}_
            "${found}" ${seeds})
    else()
        set(target fuzz_replay_${name})
        if(NOT TARGET fuzz_replay_main)
            add_library(fuzz_replay_main OBJECT fuzz/replay_main.cpp)
            target_link_libraries(fuzz_replay_main PRIVATE joulemark_warnings)
        endif()
        add_executable(${target} ${source} $<TARGET_OBJECTS:fuzz_replay_main>)
        joulemark_test(${target} fuzz 120 ${target} "${corpus}")
    endif()
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
    joulemark_included_rooms(${source} rooms)
    target_link_libraries(${target} PRIVATE ${rooms} joulemark_warnings)
endforeach()
