# Measurements: benchmarks, built with the target course_benches.
stage_bench(recv_bench labs/recv_bench.cc LINK net command_line)
stage_bench(session_memory labs/session_memory.cc LINK net command_line)
