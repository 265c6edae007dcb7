include(${CMAKE_CURRENT_LIST_DIR}/support/support.cmake)
stage_library(test_support
  tests/test_support.cc
  tests/test_support_linux.cc
  tests/test_support_windows.cc
  LINK iocp course_gtest_main)
include(${CMAKE_CURRENT_LIST_DIR}/net_tests.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/recv_tests.cmake)
