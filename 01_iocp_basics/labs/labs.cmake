# What measures and compares: the lesson's experiments, and benchmarks (built with the target course_benches).
stage_program(io_models
  labs/io_models/io_models.cc
  labs/io_models/cost.cc
  labs/io_models/threads.cc
  labs/io_models/polling.cc
  labs/io_models/events.cc
  labs/io_models/port.cc
  labs/io_models/overlapped_client.cc
  MEASURED LINK support)
add_dependencies(${STAGE}_io_models ${STAGE}_echo_client)  # it starts the clients as a program

stage_program(thread_lab
  labs/thread_lab/thread_lab.cc
  labs/thread_lab/experiments.cc
  labs/thread_lab/crew.cc
  LINK support)

# Benchmarks of the port. Linux only: they compare with epoll and read the port's own counters.
if(NOT WIN32)
  stage_library(port_bench_parts
    APART labs/epoll_echo.cc labs/port_echo.cc labs/echo_load.cc labs/idle_figures.cc labs/post_figures.cc  # two kinds of sockets
    LINK iocp)
  stage_bench(port_bench labs/port_bench.cc LINK port_bench_parts command_line)
endif()
