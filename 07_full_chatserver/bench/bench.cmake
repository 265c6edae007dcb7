# Measurements of stage 03. Programs, not tests: what they print depends on the machine.
stage_program(recv_bench bench/recv_bench.cc LINK net course_cli)
stage_program(session_memory bench/session_memory.cc LINK net course_cli)
