# client: connections to a chat server, for programs that are its clients (and for tests).
stage_library(client
  client/auth_link.cc
  client/chaos.cc
  client/client_service.cc
  client/dummy_crowd.cc
  client/dummy_session.cc
  client/handlers.cc
  client/latency.cc
  client/order_check.cc
  client/sector_check.cc
  client/server_session.cc
  client/tickets.cc
  ${PROTO_CLIENT_HANDLERS}
  ${PROTO_AUTH_CLIENT_HANDLERS}
  LINK proto net)
