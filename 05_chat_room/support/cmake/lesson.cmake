# What the steps of this stage read (course.toml), and a student changes: each is compiled on its own, the rest of a
# library as one file (stage.cmake). Made by ./course check steps --fix.
set(stage_lesson
  src/chat/chat_server.cc
  src/chat/game_session.cc
  src/chat/handlers.cc
  src/chat/room.cc)
