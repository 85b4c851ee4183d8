# One binary per room: test_<room> of every .cpp under tests/<room>/.
joulemark_package(GTest "libgtest-dev libgmock-dev" CONFIG)
joulemark_package(rapidcheck librapidcheck-dev CONFIG)
# tests/report holds documents against data/schemas; only its headers are used.
joulemark_package(valijson libvalijson-dev CONFIG)

set(tested_rooms ${JOULEMARK_TEST_ROOMS})
if(tested_rooms STREQUAL "all")
    joulemark_room_names(tested_rooms)
endif()

foreach(room IN LISTS tested_rooms)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${room}/*.cpp)
    if(NOT sources)
        continue()
    endif()
    if(NOT TARGET joulemark::${room})
        message(FATAL_ERROR "tests/${room} tests a room that has no src/${room}/CMakeLists.txt")
    endif()
    set(target test_${room})
    add_executable(${target} ${sources})
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
    target_link_libraries(${target} PRIVATE
        joulemark::${room} rapidcheck GTest::gmock GTest::gtest_main joulemark_warnings)
    target_compile_definitions(${target} PRIVATE
        JOULEMARK_FAKE_NVML="${fake_nvml}"
        JOULEMARK_PROGRAM="${program}"
        JOULEMARK_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    if(TARGET fake_nvml)
        add_dependencies(${target} fake_nvml)
    endif()
    joulemark_test(${target} unit 300 ${target})
    # A test that eats memory without end fails by itself instead of taking the machine along.
    set_tests_properties(${JOULEMARK_TEST_PREFIX}${target} PROPERTIES ENVIRONMENT
        "ASAN_OPTIONS=hard_rss_limit_mb=4096;TSAN_OPTIONS=memory_limit_mb=8192")
endforeach()

# The trials of bench_accuracy, fewer of them: they need rooms that no single room's tests may link.
if(JOULEMARK_TEST_ROOMS STREQUAL "all")
    add_executable(test_accuracy accuracy/accuracy_test.cpp "${PROJECT_SOURCE_DIR}/bench/accuracy_trials.cpp")
    target_include_directories(test_accuracy PRIVATE "${PROJECT_SOURCE_DIR}/bench")
    target_link_libraries(test_accuracy PRIVATE joulemark::analysis joulemark::physics joulemark::sampler
        GTest::gtest_main joulemark_warnings)
    joulemark_test(test_accuracy unit 300 test_accuracy)
endif()
