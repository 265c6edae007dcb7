# Tests of net/ (from stage 02 on).
include(tests/support/support.cmake)
stage_library(net_test_support
  tests/recording_server.cc
  LINK net test_support scenario_support)

stage_unit_test(net_parts tests/unit_net_parts.cc LINK net net_test_support LABELS stress)
stage_unit_test(session_table tests/unit_session_table.cc LINK net test_support LABELS stress)
stage_unit_test(server tests/unit_server.cc LINK net net_test_support TIMEOUT 180)

stage_unit_test(server_stress tests/unit_server_stress.cc
  LINK net net_test_support LABELS stress TIMEOUT 180)
stage_scenario_test(move tests/scenario_move.cc LINK scenario_support TIMEOUT 180)
