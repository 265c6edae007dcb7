# What only helps: command line, stop signal.
stage_library(command_line support/options.cc LINK course_cli course_log QUICK)
stage_library(support support/stop_signal.cc LINK command_line)
