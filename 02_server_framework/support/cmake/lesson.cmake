# What the steps of this stage read (course.toml), and a student changes: each is compiled on its own, the rest of a
# library as one file (stage.cmake). Made by ./course check steps --fix.
set(stage_lesson
  src/net/accept_ex.cc
  src/net/accept_thread.cc
  src/net/admit.cc
  src/net/receive.cc
  src/net/send.cc
  src/net/server.cc
  src/net/server_stop.cc
  src/net/session_life.cc
  src/net/session_table.cc
  src/net/worker.cc)
