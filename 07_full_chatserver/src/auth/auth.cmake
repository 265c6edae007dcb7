# auth: the auth service (a library: the chat server can run one inside, login.store = "memory").
stage_library(auth
  src/auth/auth_server.cc
  src/auth/work_pool.cc
  ${PROTO_AUTH_SERVER_HANDLERS}
  LINK proto net)
