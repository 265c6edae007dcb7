# What measures and compares: the lesson's experiments, and benchmarks (built with the target course_benches).
stage_library(plain_clients labs/plain_clients.cc labs/cpu_time.cc)

stage_program(send_lab
  labs/send_lab.cc labs/send_ways.cc labs/heap_way.cc labs/svg_chart.cc
  MEASURED LINK support plain_clients net course_log)
stage_program(wakeup_lab labs/wakeup_lab.cc LINK support plain_clients net)

stage_bench(recv_bench labs/recv_bench.cc LINK net command_line)
stage_bench(session_memory labs/session_memory.cc LINK net command_line)
