# Tests of the chat (from stage 05 on).
stage_scenario_test(chat tests/scenario_chat.cc LINK chat_talker TIMEOUT 180)
include(tests/chat_client_tests.cmake OPTIONAL)
