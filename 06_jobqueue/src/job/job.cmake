# job: job queues (actors), the update threads that run them, the timer, lock-free pool and queue.
stage_library(job
  src/job/clock.cc
  src/job/job_queue.cc
  src/job/job_stats.cc
  src/job/job_timer.cc
  src/job/ready_queue.cc
  src/job/timer_heap.cc
  src/job/update_threads.cc
  LINK iocp course_log)
