# The person's side: terminal, chat_client, and a client in another language.
stage_unit_test(terminal
  tests/client/unit_terminal.cc
  tests/client/unit_terminal_editor.cc
  LINK terminal)
stage_unit_test(chat_client
  tests/client/unit_chat_client.cc
  tests/client/unit_chat_client_words.cc
  LINK chat_client_parts)
stage_scenario_test(chat_client tests/client/scenario_chat_client.cc LINK chat_talker)
if(NOT WIN32)  # a pseudo terminal
  stage_scenario_test(chat_client_terminal
    tests/client/scenario_chat_client_pty.cc
    tests/client/scenario_chat_client_terminal.cc
    LINK chat_talker terminal)
endif()
include(tests/interop/interop.cmake)
