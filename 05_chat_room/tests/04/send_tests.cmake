# Tests of the send path (from stage 04 on).
stage_unit_test(send_queue
  tests/04/unit_send_queue.cc
  tests/04/unit_send_queue_schedules.cc
  LINK net test_support LABELS stress)
stage_unit_test(send_path
  tests/04/unit_send_path.cc
  tests/04/unit_send_path_bounds.cc
  tests/04/unit_send_path_end.cc
  tests/04/unit_send_path_options.cc
  tests/04/unit_send_path_support.cc
  LINK net net_test_support LABELS stress)
stage_unit_test(send_stress tests/04/unit_send_stress.cc
  LINK net net_test_support plain_clients LABELS stress TIMEOUT 300)
stage_scenario_test(send tests/04/scenario_send.cc LINK chat_talker TIMEOUT 180)

include(tests/05/chat_tests.cmake)
