# Tests of the chat (from stage 05 on).
stage_unit_test(order_check tests/unit_order_check.cc LINK client test_support)

stage_scenario_test(chat_hostile tests/scenario_chat_hostile.cc LINK chat_talker TIMEOUT 180)

include(tests/chat_client_tests.cmake)
stage_unit_test(room_turn tests/unit_room_turn.cc LINK chat)
include(tests/job_tests.cmake)
include(tests/actor_tests.cmake)
include(tests/storage_tests.cmake)
include(tests/outside_tests.cmake)
include(tests/service_tests.cmake)
