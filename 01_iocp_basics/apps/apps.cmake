# Small helpers that the programs share, then one line per program.
stage_library(command_line apps/options.cc LINK course_cli course_log QUICK)
stage_library(apps apps/network.cc apps/stop_signal.cc LINK iocp command_line)
stage_library(dispatch apps/port_calls.cc apps/dispatch_loop.cc LINK iocp)

stage_program(overlapped_echo apps/overlapped_echo.cc LINK apps)
stage_program(echo_client apps/echo_client.cc apps/echo_load.cc LINK apps)
stage_program(dispatch_demo apps/dispatch_demo.cc LINK apps dispatch)
stage_program(routine_echo apps/routine_echo.cc LINK apps)
stage_program(udp_echo apps/udp_echo.cc LINK apps)
stage_program(file_device apps/file_device.cc LINK apps)

stage_program(io_models
  apps/io_models/io_models.cc
  apps/io_models/cost.cc
  apps/io_models/threads.cc
  apps/io_models/polling.cc
  apps/io_models/events.cc
  apps/io_models/port.cc
  apps/io_models/overlapped_client.cc
  MEASURED LINK apps)
add_dependencies(${STAGE}_io_models ${STAGE}_echo_client)  # it starts the clients as a program

stage_program(port_tour
  apps/port_tour/port_tour.cc
  apps/port_tour/steps.cc
  apps/port_tour/cast.cc
  apps/port_tour/worker.cc
  apps/port_tour/picture.cc
  LINK apps)

stage_program(thread_lab
  apps/thread_lab/thread_lab.cc
  apps/thread_lab/experiments.cc
  apps/thread_lab/crew.cc
  LINK apps)
