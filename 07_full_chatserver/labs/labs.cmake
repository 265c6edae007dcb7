# What measures and compares: the lesson's experiments, and benchmarks (built with the target course_benches).
stage_library(plain_clients labs/plain_clients.cc labs/cpu_time.cc)

stage_bench(recv_bench labs/recv_bench.cc LINK net command_line)
stage_bench(session_memory labs/session_memory.cc LINK net command_line)
stage_bench(world_tables labs/world_tables.cc LINK chat command_line)
