# The rooms of the house and the arrows allowed between them.
#
# src/<room> is one folder, one target joulemark::<room>, one namespace. A room may include and link
# the rooms named on its line and no other. This list is the only place where that is written down:
# configuring fails on a link outside it, and tests/rooms.py reads the #include lines against it.
# Rooms stand in the order in which they can be built.
set(JOULEMARK_ROOMS
    "core:"
    "physics: core"
    "analysis: core"
    "workload: core physics"
    "device: core physics"
    "sampler: core device"
    "assess: core analysis"
    "advisor: core physics assess"
    "audit: core advisor"
    "facility: core physics analysis assess"
    "report: core analysis assess advisor audit facility"
    "store: core"
    "verbs: core physics analysis workload device sampler assess advisor audit facility report store"
    "frontends: core report verbs"
)

# Sets <out> to the names of all rooms, in building order.
function(joulemark_room_names out)
    list(TRANSFORM JOULEMARK_ROOMS REPLACE ":.*" "" OUTPUT_VARIABLE names)
    set(${out} ${names} PARENT_SCOPE)
endfunction()

# Sets <out> to the rooms that <room> may use; fails on a name that is not in the table.
function(joulemark_allowed_uses room out)
    set(line ${JOULEMARK_ROOMS})
    list(FILTER line INCLUDE REGEX "^${room}:")
    if(NOT line)
        message(FATAL_ERROR "'${room}' is not a room. cmake/rooms.cmake holds the list of rooms.")
    endif()
    string(REGEX REPLACE "^[^:]*: *" "" uses "${line}")
    string(REPLACE " " ";" uses "${uses}")
    set(${out} ${uses} PARENT_SCOPE)
endfunction()

# joulemark_room(<name> [USES <room>...] [LINK <library>...] [LINK_PUBLIC <library>...])
#
# Makes the static library joulemark_<name> (alias joulemark::<name>) of every .cpp under the calling
# folder. USES names other rooms, LINK libraries used inside .cpp files only, LINK_PUBLIC libraries
# whose types appear in this room's headers. main.cpp is left to the program that owns it. A folder
# without .cpp files becomes a header-only room.
function(joulemark_room name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "USES;LINK;LINK_PUBLIC")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "joulemark_room(${name}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
    endif()
    joulemark_allowed_uses(${name} allowed)
    foreach(used IN LISTS arg_USES)
        if(NOT used IN_LIST allowed)
            list(JOIN allowed " " allowed_text)
            message(FATAL_ERROR "room '${name}' may not use room '${used}'. "
                "It may use: ${allowed_text}. The table is in cmake/rooms.cmake.")
        endif()
        if(NOT TARGET joulemark_${used})
            message(FATAL_ERROR "room '${name}' uses room '${used}', but there is no src/${used}/CMakeLists.txt.")
        endif()
    endforeach()
    list(TRANSFORM arg_USES PREPEND joulemark:: OUTPUT_VARIABLE rooms)

    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    set(target joulemark_${name})
    if(sources)
        add_library(${target} STATIC ${sources})
        target_link_libraries(${target}
            PUBLIC ${rooms} ${arg_LINK_PUBLIC}
            PRIVATE ${arg_LINK} joulemark_warnings)
        set(include_scope PUBLIC)
    else()
        add_library(${target} INTERFACE)
        target_link_libraries(${target} INTERFACE ${rooms} ${arg_LINK_PUBLIC} ${arg_LINK})
        set(include_scope INTERFACE)
    endif()
    add_library(joulemark::${name} ALIAS ${target})
    target_include_directories(${target} ${include_scope}
        "${PROJECT_SOURCE_DIR}/src" "${PROJECT_BINARY_DIR}/generated")
    set_property(GLOBAL PROPERTY joulemark_declared_links_${name}
        ${rooms} ${arg_LINK_PUBLIC} ${arg_LINK} joulemark_warnings)
endfunction()

# Sets <out> to the targets of the rooms that <file> includes, for programs beside the rooms (fuzz
# targets, benchmarks) that link what they use.
function(joulemark_included_rooms file out)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    file(STRINGS "${file}" includes REGEX "^ *# *include *\"[a-z]+/")
    list(TRANSFORM includes REPLACE "^[^\"]*\"([a-z]+)/.*" "\\1")
    list(REMOVE_DUPLICATES includes)
    joulemark_room_names(rooms)
    set(found "")
    foreach(room IN LISTS includes)
        if(room IN_LIST rooms)
            list(APPEND found joulemark::${room})
        endif()
    endforeach()
    set(${out} ${found} PARENT_SCOPE)
endfunction()

# Refuses whatever a room links beyond what its joulemark_room() call declares, so that a
# target_link_libraries() elsewhere cannot draw an arrow the table does not know. Call it when every
# folder has been read.
function(joulemark_check_links)
    joulemark_room_names(names)
    foreach(name IN LISTS names)
        if(NOT TARGET joulemark_${name})
            continue()
        endif()
        get_property(declared GLOBAL PROPERTY joulemark_declared_links_${name})
        get_target_property(private joulemark_${name} LINK_LIBRARIES)
        get_target_property(public joulemark_${name} INTERFACE_LINK_LIBRARIES)
        foreach(item IN LISTS private public)
            string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" item "${item}")
            if(NOT item MATCHES "-NOTFOUND$" AND NOT item MATCHES "^::@" AND NOT item IN_LIST declared)
                message(FATAL_ERROR "room '${name}' links '${item}', which its joulemark_room() call "
                    "does not declare. Rooms go under USES, third-party libraries under LINK.")
            endif()
        endforeach()
    endforeach()
endfunction()
