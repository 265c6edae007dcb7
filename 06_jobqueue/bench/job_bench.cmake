stage_bench(job_bench bench/job_bench.cc LINK job command_line)
