# The person's side: terminal, chat_client, and a client in another language.
stage_unit_test(terminal
  tests/unit_terminal.cc
  tests/unit_terminal_editor.cc
  LINK terminal)
stage_unit_test(chat_client
  tests/unit_chat_client.cc
  tests/unit_chat_client_words.cc
  LINK chat_client_parts)
stage_scenario_test(chat_client tests/scenario_chat_client.cc LINK chat_talker)
if(NOT WIN32)  # a pseudo terminal
  stage_scenario_test(chat_client_terminal
    tests/scenario_chat_client_pty.cc
    tests/scenario_chat_client_terminal.cc
    LINK chat_talker terminal)
endif()
include(tests/interop/interop.cmake)
