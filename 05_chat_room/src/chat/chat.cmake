# chat: players, rooms, handlers. The only layer that knows what the packets mean.
stage_library(chat
  src/chat/chat_server.cc
  src/chat/game_session.cc
  src/chat/handlers.cc
  src/chat/room.cc
  src/chat/text_rules.cc
  ${PROTO_SERVER_HANDLERS}
  LINK proto net course_utf8proc)
