# net: sessions, workers, accept, receive, send. Knows nothing about any game or chat.
stage_library(net
  src/net/accept_ex.cc
  src/net/accept_thread.cc
  src/net/acceptor.cc
  src/net/admit.cc
  src/net/block_pool.cc
  src/net/cipher.cc
  src/net/connect.cc
  src/net/connect_attempt.cc
  src/net/deferred_close.cc
  src/net/error_text.cc
  src/net/inbound_meter.cc
  src/net/inner_request.cc
  src/net/log.cc
  src/net/log_limit.cc
  src/net/peer_address.cc
  src/net/receive.cc
  src/net/receive_pause.cc
  src/net/send.cc
  src/net/send_issue.cc
  src/net/send_node.cc
  src/net/send_turn.cc
  src/net/server.cc
  src/net/server_options.cc
  src/net/server_stop.cc
  src/net/session_id.cc
  src/net/session_life.cc
  src/net/session_table.cc
  src/net/socket_options.cc
  src/net/timeout_watch.cc
  src/net/tps_report.cc
  src/net/traffic.cc
  src/net/traffic_gate.cc
  src/net/worker.cc
  APART src/net/packet.cc src/net/reassembler.cc  # the fuzzers have their own of them
  LINK iocp course_log)
