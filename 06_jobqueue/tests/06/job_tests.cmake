# The tests of src/job/.
stage_unit_test(lockfree tests/06/unit_lockfree.cc LINK job LABELS stress)
stage_unit_test(job_queue tests/06/unit_job_queue.cc LINK job)
stage_unit_test(job_threads tests/06/unit_job_threads.cc LINK job)
stage_unit_test(job_stop tests/06/unit_job_stop.cc LINK job LABELS stress)
stage_unit_test(job_stress tests/06/unit_job_stress.cc LINK job LABELS stress)
stage_unit_test(timer tests/06/unit_timer.cc LINK job LABELS stress)
