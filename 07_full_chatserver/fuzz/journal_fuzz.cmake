# The fuzzer of the journal's reader, as that of the reassembler (fuzz.cmake, which has looked whether clang++ links libFuzzer).
# It needs no corpus: it makes its files from the bytes. For longer:
#
#   build/bin/journal_fuzzer -max_total_time=1800 -max_len=2000
if(COURSE_FUZZERS AND COURSE_LIBFUZZER AND UNIX AND BUILD_TESTING)
  set(journal_fuzz_sources fuzz/journal_fuzzer.cc services/journal/file_ops.cc services/journal/file_ops_posix.cc
      services/journal/folder_lock.cc services/journal/history.cc services/journal/journal.cc services/journal/journal_read.cc
      services/journal/journal_sync.cc services/journal/record.cc services/journal/segment.cc)
  list(JOIN journal_fuzz_sources ":" journal_fuzz_inputs)
  list(TRANSFORM journal_fuzz_sources PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  file(GLOB journal_fuzz_headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/services/journal/*.h)
  set(journal_fuzzer ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/journal_fuzzer)
  add_custom_command(
    OUTPUT ${journal_fuzzer}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}
    COMMAND ${COURSE_CLANGXX} -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
            -I${CMAKE_CURRENT_SOURCE_DIR} ${journal_fuzz_sources} -pthread -o ${journal_fuzzer}
    DEPENDS ${journal_fuzz_sources} ${journal_fuzz_headers}
    COMMENT "Building the journal's fuzzer of ${STAGE} with ${COURSE_CLANGXX}")
  add_custom_target(${STAGE}_fuzz_journal ALL DEPENDS ${journal_fuzzer})
  add_test(NAME ${STAGE}.fuzz.journal
           COMMAND ${journal_fuzzer} -max_total_time=10 -max_len=2000 -artifact_prefix=${CMAKE_CURRENT_BINARY_DIR}/fuzz-found/)
  set_tests_properties(${STAGE}.fuzz.journal PROPERTIES LABELS "${STAGE};fuzz" TIMEOUT 120
    ENVIRONMENT "COURSE_TEST_INPUTS=${journal_fuzz_inputs}:fuzz/journal_fuzz.cmake")
endif()
