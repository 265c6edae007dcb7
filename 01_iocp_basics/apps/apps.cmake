# Small helpers that the programs share, then one line per program.
stage_library(apps apps/network.cc apps/stop_signal.cc LINK iocp course_cli course_log)
stage_library(dispatch apps/port_calls.cc apps/dispatch_loop.cc LINK iocp)

stage_program(overlapped_echo apps/overlapped_echo.cc LINK apps)
stage_program(echo_client apps/echo_client.cc apps/echo_load.cc LINK apps)
stage_program(dispatch_demo apps/dispatch_demo.cc LINK apps dispatch)
stage_program(file_device apps/file_device.cc LINK apps)
