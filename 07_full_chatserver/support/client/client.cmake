# client: connections to a chat server, for programs that are its clients (and for tests).
stage_library(client
  support/client/auth_link.cc
  support/client/chaos.cc
  support/client/client_service.cc
  support/client/dummy_crowd.cc
  support/client/dummy_session.cc
  support/client/handlers.cc
  support/client/latency.cc
  support/client/order_check.cc
  support/client/sector_check.cc
  support/client/server_session.cc
  support/client/tickets.cc
  ${PROTO_CLIENT_HANDLERS}
  ${PROTO_AUTH_CLIENT_HANDLERS}
  LINK proto net)
