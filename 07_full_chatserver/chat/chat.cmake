# chat: players, rooms (actors on job/), handlers. The only layer that knows what the packets mean.
stage_library(chat
  chat/chat_server.cc
  chat/game_session.cc
  chat/login_desk.cc
  chat/request_budget.cc
  chat/sector_handlers.cc
  chat/sector_host.cc
  chat/handlers.cc
  chat/output_gate.cc
  chat/room.cc
  chat/room_limits.cc
  chat/room_turn.cc
  chat/roster.cc
  chat/text_rules.cc
  ${PROTO_SERVER_HANDLERS}
  LINK proto actors job net course_utf8proc)
