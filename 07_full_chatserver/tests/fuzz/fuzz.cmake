# The fuzzers: libFuzzer comes with clang, so they are built where clang++ is there and can link it, whatever compiler
# builds the rest. CTest runs each for ten seconds (label fuzz); for longer:
#
#   build/bin/reassembler_fuzzer -max_total_time=600 -max_len=600 /tmp/new-inputs build/fuzz-seeds/reassembler
#
#   stage_fuzzer(NAME MAX_LEN bytes sources... [SEEDS] [INPUTS paths...] [NEEDS files...] [DEFINES names...] [LINK libraries...])
#
# SEEDS: the fuzzer writes its own (tests/fuzz/seeds.h). INPUTS: what else the test depends on. NEEDS: made before it is
# compiled. LINK: libraries of the stage, or of the system.
option(COURSE_FUZZERS "Fuzzers, where clang++ can link them" ON)
set(fuzz_flags -std=c++20 -g -O1 -Wall -Wextra -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)
if(COURSE_FUZZERS AND UNIX AND BUILD_TESTING)
  find_program(COURSE_CLANGXX NAMES clang++ clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14)
  if(COURSE_CLANGXX AND NOT COURSE_LIBFUZZER)
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/try_fuzzer.cc
         "#include <cstddef>\nextern \"C\" int LLVMFuzzerTestOneInput(const unsigned char*, std::size_t) { return 0; }\n")
    execute_process(
      COMMAND ${COURSE_CLANGXX} ${fuzz_flags} ${CMAKE_CURRENT_BINARY_DIR}/try_fuzzer.cc
              -o ${CMAKE_CURRENT_BINARY_DIR}/try_fuzzer
      RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
    if(NOT failed)
      set(COURSE_LIBFUZZER ON CACHE INTERNAL "clang++ links libFuzzer")
    endif()
  endif()
  if(NOT COURSE_LIBFUZZER)
    message(STATUS "${STAGE}: no libFuzzer (Debian: clang libclang-rt-dev); the fuzzer is not built")
  endif()
endif()

function(stage_fuzzer name)
  if(NOT COURSE_FUZZERS OR NOT COURSE_LIBFUZZER OR NOT UNIX OR NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(arg "SEEDS" "MAX_LEN" "INPUTS;NEEDS;DEFINES;LINK" ${ARGN})
  list(TRANSFORM arg_DEFINES PREPEND -D)
  set(fuzzer ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/${name}_fuzzer)
  set(objects "")
  foreach(source IN LISTS arg_UNPARSED_ARGUMENTS)
    get_filename_component(path ${source} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    get_filename_component(base ${source} NAME)
    set(object fuzz-objects/${name}/${base}.o)
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${CMAKE_COMMAND} -E make_directory fuzz-objects/${name}
      COMMAND ${COURSE_CLANGXX} ${fuzz_flags} ${arg_DEFINES} -I${CMAKE_CURRENT_SOURCE_DIR} -I${CMAKE_CURRENT_SOURCE_DIR}/src
              -isystem ${CMAKE_CURRENT_BINARY_DIR}/generated -MD -MF ${object}.d -c ${path} -o ${object}
      DEPENDS ${path} ${arg_NEEDS} DEPFILE ${CMAKE_CURRENT_BINARY_DIR}/${object}.d
      WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR} COMMENT "Fuzzer ${name} of ${STAGE}: ${base}" VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  set(libraries "")
  set(archives "")
  foreach(library IN LISTS arg_LINK)
    if(TARGET ${STAGE}_${library})
      list(APPEND archives ${STAGE}_${library})
      list(APPEND libraries $<TARGET_FILE:${STAGE}_${library}>)
    else()
      list(APPEND libraries -l${library})
    endif()
  endforeach()
  set(seeds "")
  set(write_seeds "")
  if(arg_SEEDS)
    set(seeds ${CMAKE_CURRENT_BINARY_DIR}/fuzz-seeds/${name})
    set(write_seeds COMMAND ${CMAKE_COMMAND} -E env COURSE_STAGE_DIR=${CMAKE_CURRENT_SOURCE_DIR}
                    ${fuzzer} --seeds=${seeds})
  endif()
  add_custom_command(
    OUTPUT ${fuzzer}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}
    COMMAND ${COURSE_CLANGXX} ${fuzz_flags} ${objects} ${libraries} -pthread -o ${fuzzer}
    ${write_seeds}
    DEPENDS ${objects} ${archives} ${arg_INPUTS}
    WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR} COMMENT "Fuzzer ${name} of ${STAGE}" VERBATIM)
  add_custom_target(${STAGE}_fuzz_${name} ALL DEPENDS ${fuzzer})
  set(found ${CMAKE_CURRENT_BINARY_DIR}/fuzz-found/${name})
  file(MAKE_DIRECTORY ${found})
  add_test(NAME ${STAGE}.fuzz.${name}
           COMMAND ${fuzzer} -max_total_time=10 -max_len=${arg_MAX_LEN} -artifact_prefix=${found}/ ${found} ${seeds})
  list(FILTER arg_UNPARSED_ARGUMENTS EXCLUDE REGEX ^/)
  list(JOIN arg_UNPARSED_ARGUMENTS ":" inputs)
  list(JOIN arg_INPUTS ":" more)
  set_tests_properties(${STAGE}.fuzz.${name} PROPERTIES LABELS "${STAGE};fuzz" TIMEOUT 120
    ENVIRONMENT "COURSE_TEST_INPUTS=${inputs}:${more}:tests/fuzz/fuzz.cmake")
endfunction()

stage_fuzzer(reassembler MAX_LEN 600 SEEDS
  tests/fuzz/reassembler_fuzzer.cc src/net/block_pool.cc src/net/cipher.cc src/net/packet.cc src/net/reassembler.cc
  INPUTS tests/03/vectors.txt)
