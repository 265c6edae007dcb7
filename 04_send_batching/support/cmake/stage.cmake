# Build rules of one stage folder; every stage carries the same copy, so that the folder also builds
# when it is copied away from its neighbours. Targets carry the stage's name (stage01_iocp), because the
# top-level build puts all stages into one tree.
#
#   stage_library(NAME sources... [APART sources...] [LINK libs...] [QUICK])
#     APART: each compiled on its own; QUICK: compiled quickly rather than well
#   stage_program(NAME sources... [LINK libs...] [MEASURED])    MEASURED: its own files are fast, too
#   stage_bench(NAME sources... [LINK libs...])                 a measurement: built with the target course_benches
#   stage_unit_test(NAME sources... [LINK libs...] [LABELS labels...] [TIMEOUT seconds])        GoogleTest
#   stage_scenario_test(NAME sources... [LINK libs...] [LABELS labels...] [TIMEOUT seconds])    Catch2
#
# LINK takes the short names of this stage's libraries (iocp, net, ...) or any CMake target.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()
# Off for whoever builds the course: another compiler, another opinion. On in `./course test --all`.
option(COURSE_WERROR "Warnings are errors, with GCC 11 to 14, Clang 14 to 19 and MSVC" OFF)
option(COURSE_PCH "Precompiled headers" ON)
option(COURSE_UNITE "Compile what the lesson does not read as one file for each library, and each test as one" ON)

set(warnings_are_errors ${COURSE_WERROR})
set(compiler ${CMAKE_CXX_COMPILER_ID}-${CMAKE_CXX_COMPILER_VERSION})
if(NOT compiler MATCHES "^(GNU-1[1-4]|Clang-1[4-9]|MSVC-)")
  set(warnings_are_errors OFF)
endif()

find_package(Threads REQUIRED)
include(CTest)
include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/lesson.cmake)

# Unit and stress tests: what the sanitizer runs build. Benchmarks: what no test starts, built when asked for.
if(NOT TARGET course_sanitized)
  add_custom_target(course_sanitized)
  add_custom_target(course_benches)
endif()

add_library(${STAGE}_options INTERFACE)
target_include_directories(${STAGE}_options INTERFACE ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/src)
target_link_libraries(${STAGE}_options INTERFACE Threads::Threads)
if(MSVC)
  # Not warnings here: room left by alignas (C4324), and standard functions that Microsoft calls unsafe (C4996).
  target_compile_options(${STAGE}_options INTERFACE /W4 /permissive- /utf-8 /Zc:__cplusplus /bigobj /wd4324)
  target_compile_definitions(${STAGE}_options INTERFACE _CRT_SECURE_NO_WARNINGS)
  target_compile_options(${STAGE}_options INTERFACE $<$<BOOL:${warnings_are_errors}>:/WX>)
else()
  target_compile_options(${STAGE}_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
  if(NOT WIN32)  # Clang counts it to -Wconversion, GCC does not; Windows' own FIONBIO does not keep to it
    target_compile_options(${STAGE}_options INTERFACE -Wsign-conversion)
  endif()
  target_compile_options(${STAGE}_options INTERFACE $<$<BOOL:${warnings_are_errors}>:-Werror>)
endif()
if(WIN32)
  target_compile_definitions(${STAGE}_options INTERFACE _WIN32_WINNT=0x0A00 WIN32_LEAN_AND_MEAN NOMINMAX)
  target_link_libraries(${STAGE}_options INTERFACE ws2_32 mswsock)
endif()

# Short names of this stage's libraries become targets of this stage; anything else passes as it is.
function(_stage_link target)
  foreach(lib IN LISTS ARGN)
    if(TARGET ${STAGE}_${lib})
      target_link_libraries(${target} PUBLIC ${STAGE}_${lib})
    else()
      target_link_libraries(${target} PUBLIC ${lib})
    endif()
  endforeach()
endfunction()

# One precompiled header per kind of code for the whole build tree: the first stage makes it. Sources do
# not rely on it: each includes what it needs (clang-tidy reads them without).
function(_stage_pch kind target)
  if(NOT COURSE_PCH)
    _stage_quick(${kind} ${target})
    return()
  endif()
  if(NOT TARGET course_${kind}_pch)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/course_${kind}_pch.cc
         CONTENT "// Only here to carry the precompiled header.\n" @ONLY)
    add_library(course_${kind}_pch OBJECT ${CMAKE_BINARY_DIR}/course_${kind}_pch.cc)
    target_link_libraries(course_${kind}_pch PRIVATE ${STAGE}_options ${COURSE_${kind}_PCH_LIBRARY})
    target_precompile_headers(course_${kind}_pch PRIVATE ${COURSE_${kind}_PCH_HEADERS})
    # Lets ccache answer for it where its headers are the same, but not as old.
    target_compile_options(course_${kind}_pch PRIVATE $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
    _stage_quick(${kind} course_${kind}_pch)
  endif()
  _stage_quick(${kind} ${target})
  target_precompile_headers(${target} REUSE_FROM course_${kind}_pch)
  # Lets ccache preprocess a file that uses the precompiled header.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()

# Tests and the mains of programs need not be fast themselves (what they call is), and CLI11, GoogleTest and
# Catch2 take two to three times as long to compile with optimisation, most of all with a sanitizer. Stress tests
# keep what the configuration has of it: the races that they look for show when code is moved around.
set(COURSE_program_OPTIMISE $<$<CONFIG:Release>:-O1>)
set(COURSE_stress_OPTIMISE $<$<CONFIG:Release>:-O1>)
set(COURSE_unit_OPTIMISE -O0)
set(COURSE_scenario_OPTIMISE -O0)
if(CMAKE_CROSSCOMPILING)  # for Windows -O0 leaves so many sections that linking takes longer than it saves
  set(COURSE_unit_OPTIMISE -O1)
  set(COURSE_scenario_OPTIMISE -O1)
endif()
function(_stage_quick kind target)
  if(COURSE_${kind}_OPTIMISE AND NOT MSVC)
    target_compile_options(${target} PRIVATE $<$<NOT:$<CONFIG:Debug>>:${COURSE_${kind}_OPTIMISE}>)
  endif()
endfunction()

# What is linked with a library that logs can log as well: then the precompiled header has spdlog in it.
function(_stage_library_kind result)
  set(kind library)
  foreach(lib IN LISTS ARGN)
    if(lib STREQUAL "course_log")
      set(kind logging)
    elseif(TARGET ${STAGE}_${lib})
      get_target_property(logs ${STAGE}_${lib} STAGE_LOGS)
      if(logs)
        set(kind logging)
      endif()
    endif()
  endforeach()
  set(${result} ${kind} PARENT_SCOPE)
endfunction()

# Most of what a small file costs is paid again for the next one: headers, and the templates of the standard library and
# of GoogleTest. So what is built far more often than changed (all of a library but what the lesson reads, and tests of
# several files) is compiled as one file that includes the others. Their file-local names have to differ, as they have to
# for a reader. What is made while building is not among them: CMake knows when to make it by its name.
function(_stage_unite result name)
  set(together "")
  set(alone "")
  foreach(source IN LISTS ARGN)
    cmake_path(IS_PREFIX CMAKE_BINARY_DIR ${source} NORMALIZE made)
    if(IS_ABSOLUTE ${source} AND NOT made)  # as a glob gives them
      file(RELATIVE_PATH source ${CMAKE_CURRENT_SOURCE_DIR} ${source})
    endif()
    if(made OR source IN_LIST stage_lesson OR NOT source MATCHES "\\.cc$" OR NOT COURSE_UNITE)
      list(APPEND alone ${source})
    else()
      list(APPEND together ${source})
    endif()
  endforeach()
  list(LENGTH together count)
  if(count GREATER 1)
    list(TRANSFORM together REPLACE "(.+)" "#include \"\\1\"\n")
    string(CONCAT united ${together})
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/united/${name}.cc CONTENT "${united}" @ONLY)
    set(together ${CMAKE_CURRENT_BINARY_DIR}/united/${name}.cc)
  endif()
  set(${result} ${together} ${alone} PARENT_SCOPE)
endfunction()

function(stage_library name)
  cmake_parse_arguments(arg "QUICK" "" "APART;LINK" ${ARGN})
  _stage_unite(sources ${name} ${arg_UNPARSED_ARGUMENTS})
  add_library(${STAGE}_${name} STATIC ${sources} ${arg_APART})
  target_link_libraries(${STAGE}_${name} PUBLIC ${STAGE}_options)
  _stage_link(${STAGE}_${name} ${arg_LINK})
  _stage_library_kind(kind ${arg_LINK})
  if(kind STREQUAL "logging")
    set_target_properties(${STAGE}_${name} PROPERTIES STAGE_LOGS ON)
  endif()
  if(arg_QUICK)
    set(kind program)
  endif()
  _stage_pch(${kind} ${STAGE}_${name})
endfunction()

function(_stage_executable kind name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  add_executable(${STAGE}_${name} ${arg_UNPARSED_ARGUMENTS})
  set_target_properties(${STAGE}_${name} PROPERTIES OUTPUT_NAME ${name})
  target_link_libraries(${STAGE}_${name} PUBLIC ${STAGE}_options)
  _stage_link(${STAGE}_${name} ${arg_LINK} ${COURSE_${kind}_PCH_LIBRARY})
  _stage_pch(${kind} ${STAGE}_${name})
endfunction()

function(stage_bench name)
  _stage_executable(logging ${name} ${ARGN})
  set_target_properties(${STAGE}_${name} PROPERTIES EXCLUDE_FROM_ALL ON)
  add_dependencies(course_benches ${STAGE}_${name})
endfunction()

function(stage_program name)
  cmake_parse_arguments(arg "MEASURED" "" "" ${ARGN})
  if(arg_MEASURED)
    _stage_executable(logging ${name} ${arg_UNPARSED_ARGUMENTS})
  else()
    _stage_executable(program ${name} ${arg_UNPARSED_ARGUMENTS})
  endif()
  # Scenario tests start the stage's programs, so those must be built first.
  set_property(GLOBAL APPEND PROPERTY ${STAGE}_programs ${STAGE}_${name})
endfunction()

function(_stage_test kind framework name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(arg "" "TIMEOUT" "LINK;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  set(target ${STAGE}_${kind}_${name})
  _stage_unite(sources ${kind}_${name} ${arg_UNPARSED_ARGUMENTS})
  add_executable(${target} ${sources})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${kind}_${name})
  target_link_libraries(${target} PUBLIC ${STAGE}_options ${framework})
  _stage_link(${target} ${arg_LINK})
  if(kind STREQUAL "unit" AND "stress" IN_LIST arg_LABELS)
    _stage_pch(stress ${target})
  else()
    _stage_pch(${kind} ${target})
  endif()
  if(kind STREQUAL "unit" AND NOT "slow" IN_LIST arg_LABELS OR "stress" IN_LIST arg_LABELS)
    add_dependencies(course_sanitized ${target})
  endif()
  get_property(programs GLOBAL PROPERTY ${STAGE}_programs)
  if(kind STREQUAL "scenario" AND programs)
    add_dependencies(${target} ${programs})
  endif()
  add_test(NAME ${STAGE}.${kind}.${name} COMMAND ${target})
  set(drive "")
  if(WIN32 AND CMAKE_CROSSCOMPILING)
    set(drive "Z:")  # under Wine a program sees the Linux file system as drive Z:
  endif()
  set_tests_properties(${STAGE}.${kind}.${name} PROPERTIES
    LABELS "${STAGE};${kind};${arg_LABELS}" TIMEOUT ${arg_TIMEOUT}
    ENVIRONMENT "COURSE_BIN_DIR=${drive}$<TARGET_FILE_DIR:${target}>;COURSE_STAGE_DIR=${drive}${CMAKE_CURRENT_SOURCE_DIR}")
endfunction()

function(stage_unit_test name)
  _stage_test(unit course_gtest_main ${name} ${ARGN})
endfunction()

function(stage_scenario_test name)
  _stage_test(scenario course_catch2_main ${name} ${ARGN})
endfunction()
