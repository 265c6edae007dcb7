# job: job queues (actors), the update threads that run them, the timer, lock-free pool and queue.
stage_library(job
  job/clock.cc
  job/job_queue.cc
  job/job_stats.cc
  job/job_timer.cc
  job/ready_queue.cc
  job/timer_heap.cc
  job/update_threads.cc
  LINK iocp course_log)
