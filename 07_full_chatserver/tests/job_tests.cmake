# The tests of job/.
stage_unit_test(lockfree tests/unit_lockfree.cc LINK job LABELS stress)
stage_unit_test(job_queue tests/unit_job_queue.cc LINK job)
stage_unit_test(job_threads tests/unit_job_threads.cc LINK job)
stage_unit_test(job_stop tests/unit_job_stop.cc LINK job LABELS stress)
stage_unit_test(job_stress tests/unit_job_stress.cc LINK job LABELS stress)
stage_unit_test(timer tests/unit_timer.cc LINK job LABELS stress)
