# `hardware_check`, the program behind `make hardware-check`, and its test against the fake NVML library.
file(GLOB hardware_sources CONFIGURE_DEPENDS hardware/*.cpp)
add_executable(hardware_check ${hardware_sources})
target_include_directories(hardware_check PRIVATE "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(hardware_check PRIVATE
    joulemark::device joulemark::analysis CLI11::CLI11 Threads::Threads joulemark_warnings)
set_target_properties(hardware_check PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
