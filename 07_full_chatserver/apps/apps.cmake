# One line per program.
stage_library(console support/configured_main.cc support/server_console.cc LINK support server terminal)

stage_program(chat_server apps/chat_server.cc LINK console)
stage_program(auth_server apps/auth_server.cc LINK console)
if(COURSE_HAS_MONITOR_WEB)
  stage_program(monitor_server apps/monitor_server.cc LINK console monitor_web)
endif()
stage_program(dummy_client apps/dummy_client.cc LINK support client course_log)
stage_program(apc_demo apps/apc_demo.cc LINK support job iocp)
include(apps/chat_client.cmake)
