# joulemark_warnings: the warnings all of our own code is built with; third-party headers are system
# headers. They are errors with g++ 12, the compiler the project is developed with, and shown as
# plain warnings elsewhere, so that a newer compiler's new opinion does not stop a user's build.
set(werror OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    set(werror ON)
endif()
option(JOULEMARK_WERROR "Treat warnings as errors" ${werror})

add_library(joulemark_warnings INTERFACE)
target_compile_options(joulemark_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
    -Wnon-virtual-dtor -Woverloaded-virtual -Wdouble-promotion -Wnull-dereference
    $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond;-Wlogical-op;-Wuseless-cast;-Wsuggest-override>
    $<$<BOOL:${JOULEMARK_WERROR}>:-Werror>)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC bug 105651: false alarms on std::string concatenation at -O2.
    target_compile_options(joulemark_warnings INTERFACE -Wno-restrict)
    if(JOULEMARK_SANITIZE)
        # The sanitizers' own checks make GCC see paths that are not there (GCC manual, -fsanitize).
        target_compile_options(joulemark_warnings INTERFACE
            -Wno-null-dereference -Wno-maybe-uninitialized)
    endif()
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # libstdc++ 12 itself calls a function it deprecates, from std::stable_sort.
    target_compile_options(joulemark_warnings INTERFACE -Wno-deprecated-declarations)
endif()
