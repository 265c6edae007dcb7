stage_bench(job_bench bench/job_bench.cc LINK job course_cli)
