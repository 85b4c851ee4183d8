# Every third-party library of the program, found once. Nothing is downloaded: what is missing is
# named with the package that brings it.
find_package(Threads REQUIRED)

# joulemark_package(<package> <apt package> [CONFIG argument...])
macro(joulemark_package package apt)
    find_package(${package} ${ARGN} QUIET)
    if(NOT ${package}_FOUND)
        joulemark_missing(${package} ${apt})
    endif()
endmacro()

function(joulemark_missing what apt)
    message(FATAL_ERROR "${what} was not found. Install it with 'apt-get install ${apt}', "
        "or everything that is missing with packaging/install-missing.sh")
endfunction()

# joulemark_library(<name> <library> <header> <apt package> [DEPENDS <library>...])
#
# Makes the target third_party::<name>, static under JOULEMARK_STATIC, for libraries whose
# packages bring no CMake configuration that works on all the systems we build on.
function(joulemark_library name library header apt)
    cmake_parse_arguments(PARSE_ARGV 4 arg "" "" "DEPENDS")
    if(JOULEMARK_STATIC)
        find_library(JOULEMARK_${name}_LIBRARY NAMES lib${library}.a ${library})
    else()
        find_library(JOULEMARK_${name}_LIBRARY NAMES ${library})
    endif()
    find_path(JOULEMARK_${name}_INCLUDE ${header})
    mark_as_advanced(JOULEMARK_${name}_LIBRARY JOULEMARK_${name}_INCLUDE)
    if(NOT JOULEMARK_${name}_LIBRARY OR NOT JOULEMARK_${name}_INCLUDE)
        joulemark_missing(${name} ${apt})
    endif()
    add_library(third_party_${name} INTERFACE IMPORTED GLOBAL)
    add_library(third_party::${name} ALIAS third_party_${name})
    target_include_directories(third_party_${name} INTERFACE "${JOULEMARK_${name}_INCLUDE}")
    target_link_libraries(third_party_${name} INTERFACE "${JOULEMARK_${name}_LIBRARY}" ${arg_DEPENDS})
endfunction()

joulemark_package(fmt libfmt-dev CONFIG)
joulemark_package(tl-expected libexpected-dev CONFIG)
joulemark_package(nlohmann_json nlohmann-json3-dev CONFIG)
joulemark_package(CLI11 libcli11-dev CONFIG)
joulemark_package(Boost libboost-dev CONFIG)
joulemark_library(sqlite3 sqlite3 sqlite3.h libsqlite3-dev DEPENDS Threads::Threads ${CMAKE_DL_LIBS} m)
joulemark_library(zstd zstd zstd.h libzstd-dev)

# Debian ships fmt as a shared library only; its headers can stand alone.
if(JOULEMARK_STATIC)
    add_library(third_party::fmt ALIAS fmt::fmt-header-only)
else()
    add_library(third_party::fmt ALIAS fmt::fmt)
endif()
