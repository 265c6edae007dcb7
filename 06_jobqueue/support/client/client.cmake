# client: connections to a chat server, for programs that are its clients (and for tests).
stage_library(client
  support/client/client_service.cc
  support/client/dummy_crowd.cc
  support/client/dummy_session.cc
  support/client/handlers.cc
  support/client/latency.cc
  support/client/order_check.cc
  support/client/server_session.cc
  ${PROTO_CLIENT_HANDLERS}
  LINK proto net)
