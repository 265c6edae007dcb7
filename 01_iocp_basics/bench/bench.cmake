# Benchmarks of the port. Linux only: they compare with epoll and read the port's own counters.
if(NOT WIN32)
  stage_library(port_bench_parts
    bench/epoll_echo.cc
    bench/port_echo.cc
    bench/echo_load.cc
    bench/idle_figures.cc
    bench/post_figures.cc
    LINK iocp)
  stage_bench(port_bench bench/port_bench.cc LINK port_bench_parts command_line)
endif()
