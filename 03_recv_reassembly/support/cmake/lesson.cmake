# What the steps of this stage read (course.toml), and a student changes: each is compiled on its own, the rest of a
# library as one file (stage.cmake). Made by ./course check steps --fix.
set(stage_lesson
  src/net/cipher.cc
  src/net/packet.cc
  src/net/reassembler.cc
  src/net/receive.cc
  src/net/timeout_watch.cc)
