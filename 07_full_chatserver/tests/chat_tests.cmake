# Tests of the chat (from stage 05 on).
stage_unit_test(order_check tests/unit_order_check.cc LINK client test_support)

stage_scenario_test(chat_hostile tests/scenario_chat_hostile.cc LINK chat_talker TIMEOUT 180)

include(tests/interop/interop.cmake)
stage_unit_test(room_turn tests/unit_room_turn.cc LINK chat)
stage_unit_test(terminal tests/unit_terminal.cc tests/unit_terminal_editor.cc LINK terminal)
stage_unit_test(chat_client tests/unit_chat_client.cc tests/unit_chat_client_words.cc
  LINK chat_client_parts)
include(tests/job_tests.cmake)
include(tests/actor_tests.cmake)
include(tests/storage_tests.cmake)
include(tests/outside_tests.cmake)
include(tests/service_tests.cmake)
