# What only helps: command line, stop signal, and the other end: clients, the terminal.
stage_library(command_line support/options.cc LINK course_cli course_log QUICK)
stage_library(support support/stop_signal.cc support/open_files.cc LINK command_line)
include(support/client/client.cmake)
include(support/terminal/terminal.cmake)
