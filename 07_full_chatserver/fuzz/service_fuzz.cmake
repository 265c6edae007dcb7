# The fuzzers of what stage 07 adds. The code that they are about is compiled for them; what is below it (the network, the
# port) comes as it is from the stage's libraries. (Not the job queues: a job has another layout with each compiler.)
if(NOT TARGET spdlog::spdlog)  # no fuzzers on Windows
  return()
endif()
get_target_property(fuzz_log_defines spdlog::spdlog INTERFACE_COMPILE_DEFINITIONS)
set(fuzz_of_proto NEEDS ${proto_headers} ${handler_headers} DEFINES ${fuzz_log_defines})
set(fuzz_of_log cmake/logging_clang.cc)
set(fuzz_libraries net iocp spdlog fmt protobuf)

# It needs no corpus: it makes its files from the bytes.
stage_fuzzer(journal MAX_LEN 2000
  fuzz/journal_fuzzer.cc services/journal/file_ops.cc services/journal/file_ops_posix.cc services/journal/folder_lock.cc
  services/journal/history.cc services/journal/journal.cc services/journal/journal_read.cc services/journal/journal_sync.cc
  services/journal/record.cc services/journal/segment.cc)

stage_fuzzer(chat MAX_LEN 2000 SEEDS
  fuzz/chat_fuzzer.cc ${fuzz_of_log} chat/game_session.cc chat/handlers.cc chat/lobby.cc chat/lobby_rules.cc chat/login_desk.cc
  chat/request_budget.cc chat/room.cc chat/room_limits.cc chat/room_turn.cc chat/roster.cc chat/sector_grid.cc
  chat/sector_handlers.cc chat/sector_host.cc chat/sector_map.cc chat/text_rules.cc job/clock.cc job/job_queue.cc
  job/job_stats.cc job/job_timer.cc job/ready_queue.cc job/timer_heap.cc job/update_threads.cc net/packet.cc net/reassembler.cc
  proto/dispatch.cc ${PROTO_OUT}/client_packet_handler.cc ${PROTO_OUT}/enum.pb.cc ${PROTO_OUT}/struct.pb.cc
  ${PROTO_OUT}/protocol.pb.cc
  ${fuzz_of_proto} LINK ${fuzz_libraries} utf8proc INPUTS proto/enum.proto)

stage_fuzzer(auth MAX_LEN 1000 SEEDS
  fuzz/auth_fuzzer.cc fuzz/stream.cc ${fuzz_of_log} auth/auth_server.cc auth/work_pool.cc net/packet.cc net/reassembler.cc proto/dispatch.cc
  ${PROTO_OUT}/auth_client_packet_handler.cc ${PROTO_OUT}/enum.pb.cc ${PROTO_OUT}/auth.pb.cc
  ${fuzz_of_proto} LINK ${fuzz_libraries} INPUTS proto/enum.proto)

stage_fuzzer(monitor MAX_LEN 1000 SEEDS
  fuzz/monitor_fuzzer.cc fuzz/stream.cc ${fuzz_of_log} client/client_service.cc client/handlers.cc client/server_session.cc
  monitor_link/link_proof.cc
  monitor_link/monitor_server.cc monitor_link/report_client.cc services/monitor/alarm_board.cc
  services/monitor/alarm_rule.cc services/monitor/history.cc services/monitor/monitor_core.cc services/monitor/report_link.cc
  services/reconnect/backoff.cc net/packet.cc net/reassembler.cc proto/dispatch.cc
  ${PROTO_OUT}/monitor_client_packet_handler.cc ${PROTO_OUT}/monitor_server_packet_handler.cc
  ${PROTO_OUT}/server_packet_handler.cc ${PROTO_OUT}/enum.pb.cc ${PROTO_OUT}/monitor.pb.cc ${PROTO_OUT}/protocol.pb.cc
  ${PROTO_OUT}/struct.pb.cc
  ${fuzz_of_proto} LINK ${fuzz_libraries} sodium INPUTS proto/enum.proto)
