# The fuzzer of the reassembler: libFuzzer comes with clang, so it is built where clang++ is there and can link it, whatever
# compiler builds the rest. CTest runs it for ten seconds (label fuzz); for longer:
#
#   build/bin/reassembler_fuzzer -max_total_time=600 /tmp/new-inputs fuzz/corpus
option(COURSE_FUZZERS "Fuzzers, where clang++ can link them" ON)
if(COURSE_FUZZERS AND UNIX AND BUILD_TESTING)
  find_program(COURSE_CLANGXX NAMES clang++ clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14)
  set(fuzz_flags -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)
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
  if(COURSE_LIBFUZZER)
    set(fuzz_sources fuzz/reassembler_fuzzer.cc net/block_pool.cc net/cipher.cc net/packet.cc net/reassembler.cc)
    list(JOIN fuzz_sources ":" fuzz_inputs)
    list(TRANSFORM fuzz_sources PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
    file(GLOB fuzz_headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/net/*.h
         ${CMAKE_CURRENT_SOURCE_DIR}/tests/support/wire.h)
    set(fuzzer ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/reassembler_fuzzer)
    add_custom_command(
      OUTPUT ${fuzzer}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}
      COMMAND ${COURSE_CLANGXX} ${fuzz_flags} -I${CMAKE_CURRENT_SOURCE_DIR} ${fuzz_sources} -o ${fuzzer}
      DEPENDS ${fuzz_sources} ${fuzz_headers}
      COMMENT "Building the fuzzer of ${STAGE} with ${COURSE_CLANGXX}")
    add_custom_target(${STAGE}_fuzz_reassembler ALL DEPENDS ${fuzzer})
    set(found ${CMAKE_CURRENT_BINARY_DIR}/fuzz-found)
    file(MAKE_DIRECTORY ${found})
    add_test(NAME ${STAGE}.fuzz.reassembler
             COMMAND ${fuzzer} -max_total_time=10 -max_len=600 -artifact_prefix=${found}/
                     ${found} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus)
    set_tests_properties(${STAGE}.fuzz.reassembler PROPERTIES LABELS "${STAGE};fuzz" TIMEOUT 120
      ENVIRONMENT "COURSE_TEST_INPUTS=${fuzz_inputs}:fuzz/corpus:fuzz/fuzz.cmake")
  endif()
endif()
