# What the steps of this stage read (course.toml), and a student changes: each is compiled on its own, the rest of a
# library as one file (stage.cmake). Made by ./course check steps --fix.
set(stage_lesson
  apps/dispatch_loop.cc
  apps/file_device.cc
  apps/overlapped_echo.cc
  apps/port_calls.cc
  apps/port_tour/steps.cc
  apps/routine_echo.cc
  apps/udp_echo.cc
  labs/io_models/events.cc
  labs/io_models/polling.cc
  labs/io_models/port.cc
  labs/io_models/threads.cc
  labs/thread_lab/crew.cc
  labs/thread_lab/experiments.cc)
