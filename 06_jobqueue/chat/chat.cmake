# chat: players, rooms (actors on job/), handlers. The only layer that knows what the packets mean.
stage_library(chat
  chat/chat_server.cc
  chat/game_session.cc
  chat/handlers.cc
  chat/room.cc
  chat/room_turn.cc
  chat/roster.cc
  chat/text_rules.cc
  ${PROTO_SERVER_HANDLERS}
  LINK proto job net course_utf8proc)
