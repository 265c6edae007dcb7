# Measurements of stage 03. Programs, not tests: what they print depends on the machine.
stage_bench(recv_bench bench/recv_bench.cc LINK net command_line)
stage_bench(session_memory bench/session_memory.cc LINK net command_line)
