# Small completion-port programs written for Windows in the usual way. They prove that such programs
# build against iocp.h with nothing changed but the includes, and serve clients.
stage_program(usual_echo_sample tests/iocp/usual/echo_sample.cc LINK iocp)
stage_program(usual_chat_tutorial tests/iocp/usual/chat_tutorial.cc LINK iocp)
stage_program(usual_server_core
  tests/iocp/usual/server_core/server_core.cc
  tests/iocp/usual/server_core/service.cc
  tests/iocp/usual/server_core/session.cc
  tests/iocp/usual/server_core/socket_utils.cc
  LINK iocp)
stage_scenario_test(usual tests/iocp/scenario_usual.cc LINK scenario_support)
