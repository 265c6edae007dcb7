# What the programs share, then one line per program.
stage_library(command_line apps/options.cc LINK course_cli course_log QUICK)
stage_library(apps apps/stop_signal.cc apps/open_files.cc LINK command_line)
stage_library(plain_clients apps/plain_clients.cc apps/cpu_time.cc)

stage_program(chat_server apps/chat_server.cc apps/server_flags.cc LINK apps chat course_log)
stage_program(dummy_client apps/dummy_client.cc LINK apps client course_log)
stage_program(lock_lab apps/lock_lab.cc apps/svg_chart.cc MEASURED LINK apps chat client course_log)
include(apps/chat_client.cmake OPTIONAL)
