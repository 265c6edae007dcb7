# Tests of the chat (from stage 05 on).
stage_unit_test(chat tests/unit_chat.cc LINK chat test_support LABELS stress)
stage_unit_test(proto tests/unit_proto.cc LINK chat client test_support)
stage_unit_test(client tests/unit_client.cc LINK client test_support)
stage_unit_test(chat_stress tests/unit_chat_stress.cc
  LINK chat client test_support LABELS stress TIMEOUT 180)

stage_scenario_test(chat tests/scenario_chat.cc LINK chat_talker TIMEOUT 180)
stage_scenario_test(chat_hostile tests/scenario_chat_hostile.cc LINK chat_talker TIMEOUT 180)

include(tests/chat_client_tests.cmake OPTIONAL)
include(tests/room_tests.cmake)
