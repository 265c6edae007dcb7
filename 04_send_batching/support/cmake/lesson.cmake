# What the steps of this stage read (course.toml), and a student changes: each is compiled on its own, the rest of a
# library as one file (stage.cmake). Made by ./course check steps --fix.
set(stage_lesson
  src/net/deferred_close.cc
  src/net/send.cc
  src/net/send_issue.cc
  src/net/send_turn.cc
  src/net/worker.cc)
