# chat: players, rooms (actors on src/job/), handlers. The only layer that knows what the packets mean.
stage_library(chat
  src/chat/chat_server.cc
  src/chat/game_session.cc
  src/chat/login_desk.cc
  src/chat/request_budget.cc
  src/chat/sector_handlers.cc
  src/chat/sector_host.cc
  src/chat/handlers.cc
  src/chat/output_gate.cc
  src/chat/room.cc
  src/chat/room_limits.cc
  src/chat/room_turn.cc
  src/chat/roster.cc
  src/chat/text_rules.cc
  ${PROTO_SERVER_HANDLERS}
  LINK proto actors job net course_utf8proc)
