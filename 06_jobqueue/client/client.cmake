# client: connections to a chat server, for programs that are its clients (and for tests).
stage_library(client
  client/client_service.cc
  client/dummy_crowd.cc
  client/dummy_session.cc
  client/handlers.cc
  client/latency.cc
  client/order_check.cc
  client/server_session.cc
  ${PROTO_CLIENT_HANDLERS}
  LINK proto net)
