# net: sessions, workers, accept, receive, send. Knows nothing about any game or chat.
stage_library(net
  net/accept_ex.cc
  net/accept_thread.cc
  net/acceptor.cc
  net/admit.cc
  net/block_pool.cc
  net/cipher.cc
  net/error_text.cc
  net/inner_request.cc
  net/log.cc
  net/log_limit.cc
  net/packet.cc
  net/peer_address.cc
  net/reassembler.cc
  net/receive.cc
  net/send.cc
  net/server.cc
  net/server_options.cc
  net/server_stop.cc
  net/session_id.cc
  net/session_life.cc
  net/session_table.cc
  net/timeout_watch.cc
  net/worker.cc
  LINK iocp course_log)
