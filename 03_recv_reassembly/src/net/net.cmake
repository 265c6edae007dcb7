# net: sessions, workers, accept, receive, send. Knows nothing about any game or chat.
stage_library(net
  src/net/accept_ex.cc
  src/net/accept_thread.cc
  src/net/acceptor.cc
  src/net/admit.cc
  src/net/block_pool.cc
  src/net/cipher.cc
  src/net/error_text.cc
  src/net/inner_request.cc
  src/net/log.cc
  src/net/log_limit.cc
  src/net/packet.cc
  src/net/peer_address.cc
  src/net/reassembler.cc
  src/net/receive.cc
  src/net/send.cc
  src/net/server.cc
  src/net/server_options.cc
  src/net/server_stop.cc
  src/net/session_id.cc
  src/net/session_life.cc
  src/net/session_table.cc
  src/net/timeout_watch.cc
  src/net/worker.cc
  LINK iocp course_log)
