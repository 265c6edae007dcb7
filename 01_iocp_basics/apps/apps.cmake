# The programs of the lesson.
stage_library(dispatch apps/port_calls.cc apps/dispatch_loop.cc LINK iocp)

stage_program(overlapped_echo apps/overlapped_echo.cc LINK support)
stage_program(echo_client apps/echo_client.cc support/echo_load.cc LINK support)
stage_program(dispatch_demo apps/dispatch_demo.cc LINK support dispatch)
stage_program(routine_echo apps/routine_echo.cc LINK support)
stage_program(udp_echo apps/udp_echo.cc LINK support)
stage_program(file_device apps/file_device.cc LINK support)

stage_program(port_tour
  apps/port_tour/port_tour.cc
  apps/port_tour/steps.cc
  apps/port_tour/cast.cc
  apps/port_tour/worker.cc
  apps/port_tour/picture.cc
  LINK support)
