# Every tests/system/test_*.py is one run of pytest, every test_*.sh one run of sh, against the built
# program. They find what they need in the environment. Files that measure time (test_speed*) run alone.
file(GLOB system_tests CONFIGURE_DEPENDS system/test_*.py system/test_*.sh)
if(system_tests)
    add_dependencies(checks joulemark)
    if(TARGET fake_nvml)
        add_dependencies(checks fake_nvml)
    endif()
endif()

foreach(file IN LISTS system_tests)
    get_filename_component(name ${file} NAME_WE)
    string(REGEX REPLACE "^test_" "system_" name ${name})
    if(file MATCHES "\\.py$")
        set(command ${JOULEMARK_PYTHON} -m pytest -q -p no:cacheprovider "${file}")
    else()
        set(command sh "${file}")
    endif()
    joulemark_test(${name} system 600 ${command})
    set(environment
        JOULEMARK_PROGRAM=${program}
        JOULEMARK_FAKE_NVML=${fake_nvml}
        JOULEMARK_SOURCE_DIR=${PROJECT_SOURCE_DIR}
        JOULEMARK_SANITIZE=${JOULEMARK_SANITIZE}
        PYTHONDONTWRITEBYTECODE=1)
    set_tests_properties(${JOULEMARK_TEST_PREFIX}${name} PROPERTIES ENVIRONMENT "${environment}")
    if(name MATCHES "^system_speed")
        set_tests_properties(${JOULEMARK_TEST_PREFIX}${name} PROPERTIES RUN_SERIAL TRUE)
    endif()
endforeach()
