# What the steps of this stage read (course.toml), and a student changes: each is compiled on its own, the rest of a
# library as one file (stage.cmake). Made by ./course check steps --fix.
set(stage_lesson
  src/chat/room.cc
  src/chat/room_turn.cc
  src/job/job_queue.cc
  src/job/job_timer.cc
  src/job/ready_queue.cc
  src/job/update_threads.cc)
