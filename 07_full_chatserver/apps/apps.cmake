# What the programs share, then one line per program.
stage_library(command_line apps/options.cc LINK course_cli course_log QUICK)
stage_library(apps apps/stop_signal.cc apps/open_files.cc LINK command_line)
stage_library(plain_clients apps/plain_clients.cc apps/cpu_time.cc)
stage_library(console apps/configured_main.cc apps/server_console.cc LINK apps server terminal)

stage_program(chat_server apps/chat_server.cc LINK console)
stage_program(auth_server apps/auth_server.cc LINK console)
if(COURSE_HAS_MONITOR_WEB)
  stage_program(monitor_server apps/monitor_server.cc LINK console monitor_web)
endif()
stage_program(dummy_client apps/dummy_client.cc LINK apps client course_log)
stage_program(apc_demo apps/apc_demo.cc LINK apps job iocp)
include(apps/chat_client.cmake)
