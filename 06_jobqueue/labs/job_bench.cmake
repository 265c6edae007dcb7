stage_bench(job_bench labs/job_bench.cc LINK job command_line)
