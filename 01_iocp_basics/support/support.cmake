# What only helps: command line, stop signal, addresses.
stage_library(command_line support/options.cc LINK course_cli course_log QUICK)
stage_library(support support/network.cc support/stop_signal.cc LINK iocp command_line)
