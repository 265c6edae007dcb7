# Tests of src/net/ and of the stage's programs; the port's own tests are in tests.cmake.
include(tests/support/support.cmake)
stage_library(net_test_support
  tests/support/recording_server.cc
  LINK net test_support scenario_support)

stage_unit_test(net_parts tests/02/unit_net_parts.cc LINK net net_test_support LABELS stress)
stage_unit_test(session_table tests/02/unit_session_table.cc LINK net test_support LABELS stress)
stage_unit_test(server tests/02/unit_server.cc LINK net net_test_support TIMEOUT 180)
stage_unit_test(net_memory tests/02/unit_net_memory.cc LINK net net_test_support)
stage_unit_test(server_stress tests/02/unit_server_stress.cc
  LINK net net_test_support LABELS stress TIMEOUT 180)
if(NOT WIN32)
  stage_unit_test(net_faults tests/02/unit_net_faults.cc LINK net net_test_support)
endif()

stage_program(crowd_client tests/02/crowd_client.cc LINK net)
stage_unit_test(ten_thousand tests/02/unit_ten_thousand.cc
  LINK net net_test_support LABELS slow TIMEOUT 400)
if(TARGET ${STAGE}_unit_ten_thousand)
  add_dependencies(${STAGE}_unit_ten_thousand ${STAGE}_crowd_client)
endif()

stage_scenario_test(move tests/02/scenario_move.cc LINK scenario_support TIMEOUT 180)
