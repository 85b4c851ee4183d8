# `hardware_check`, the program behind `make hardware-check`, and its tests: of its parts, and of the whole against
# the fake NVML library.
file(GLOB hardware_sources CONFIGURE_DEPENDS hardware/*.cpp)
list(FILTER hardware_sources EXCLUDE REGEX "/main\\.cpp$")
add_library(hardware_parts STATIC ${hardware_sources})
target_include_directories(hardware_parts PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
target_link_libraries(hardware_parts
    PUBLIC joulemark::device joulemark::analysis
    PRIVATE joulemark::report joulemark_warnings)

add_executable(hardware_check hardware/main.cpp)
target_link_libraries(hardware_check PRIVATE hardware_parts CLI11::CLI11 joulemark_warnings)
set_target_properties(hardware_check PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")

if("unit" IN_LIST JOULEMARK_TEST_KINDS AND JOULEMARK_TEST_ROOMS STREQUAL "all")
    file(GLOB hardware_tests CONFIGURE_DEPENDS hardware/tests/*.cpp)
    add_executable(test_hardware_check ${hardware_tests})
    target_link_libraries(test_hardware_check PRIVATE
        hardware_parts GTest::gmock GTest::gtest_main joulemark_warnings)
    joulemark_test(test_hardware_check unit 300 test_hardware_check)
endif()
if("system" IN_LIST JOULEMARK_TEST_KINDS AND TARGET fake_nvml)
    joulemark_test(hardware_check_on_a_fake_gpu system 120
        sh "${CMAKE_CURRENT_SOURCE_DIR}/hardware/fake_gpu.sh"
        "$<TARGET_FILE:hardware_check>" "${fake_nvml}")
    set_tests_properties(${JOULEMARK_TEST_PREFIX}hardware_check_on_a_fake_gpu PROPERTIES RUN_SERIAL TRUE)
    add_dependencies(checks hardware_check fake_nvml)
endif()
