# What every target is compiled and linked with: sanitizers or hardening, link-time optimisation,
# and the faster tools (ccache, mold) where the machine has them.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1")

set(JOULEMARK_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=")
option(JOULEMARK_ASSERTIONS "Check standard library preconditions (_GLIBCXX_ASSERTIONS)" ON)
option(JOULEMARK_LTO "Link-time optimisation" OFF)
option(JOULEMARK_STATIC "Link third-party libraries and the C++ runtime statically" OFF)
option(JOULEMARK_COVERAGE "Record line coverage" OFF)

if(JOULEMARK_ASSERTIONS)
    add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()

if(JOULEMARK_SANITIZE)
    add_compile_options(-fsanitize=${JOULEMARK_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${JOULEMARK_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
    # The distribution's compiler may define its own _FORTIFY_SOURCE level.
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
    add_link_options(-Wl,-z,relro,-z,now)
    include(CheckPIESupported)
    check_pie_supported(LANGUAGES CXX)
endif()

if(JOULEMARK_LTO)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()
if(JOULEMARK_STATIC)
    add_link_options(-static-libstdc++ -static-libgcc)
endif()
if(JOULEMARK_COVERAGE)
    add_compile_options(--coverage -fprofile-update=atomic)
    add_link_options(--coverage)
endif()

find_program(JOULEMARK_CCACHE ccache)
if(JOULEMARK_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND NOT JOULEMARK_COVERAGE)
    # With the source folder as base, build folders beside each other share their objects.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${JOULEMARK_CCACHE})
endif()

find_program(JOULEMARK_MOLD mold)
if(JOULEMARK_MOLD AND NOT JOULEMARK_LTO)
    include(CheckLinkerFlag)
    check_linker_flag(CXX -fuse-ld=mold JOULEMARK_MOLD_WORKS)
    if(JOULEMARK_MOLD_WORKS)
        add_link_options(-fuse-ld=mold)
    endif()
endif()
