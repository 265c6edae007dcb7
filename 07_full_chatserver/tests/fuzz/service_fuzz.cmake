# The fuzzers of what stage 07 adds. The code that they are about is compiled for them; what is below it (the network, the
# port) comes as it is from the stage's libraries. (Not the job queues: a job has another layout with each compiler.)
if(NOT TARGET spdlog::spdlog)  # no fuzzers on Windows
  return()
endif()
get_target_property(fuzz_log_defines spdlog::spdlog INTERFACE_COMPILE_DEFINITIONS)
set(fuzz_of_proto NEEDS ${proto_headers} ${handler_headers} DEFINES ${fuzz_log_defines})
set(fuzz_of_log support/cmake/logging_clang.cc)
set(fuzz_libraries net iocp spdlog fmt protobuf)

# It needs no corpus: it makes its files from the bytes.
stage_fuzzer(journal MAX_LEN 2000
  tests/fuzz/journal_fuzzer.cc src/services/journal/file_ops.cc src/services/journal/file_ops_posix.cc src/services/journal/folder_lock.cc
  src/services/journal/history.cc src/services/journal/journal.cc src/services/journal/journal_read.cc src/services/journal/journal_sync.cc
  src/services/journal/record.cc src/services/journal/segment.cc)

stage_fuzzer(chat MAX_LEN 2000 SEEDS
  tests/fuzz/chat_fuzzer.cc ${fuzz_of_log} src/chat/game_session.cc src/chat/handlers.cc src/chat/lobby.cc src/chat/lobby_rules.cc src/chat/login_desk.cc
  src/chat/request_budget.cc src/chat/room.cc src/chat/room_limits.cc src/chat/room_turn.cc src/chat/roster.cc src/chat/sector_grid.cc
  src/chat/sector_handlers.cc src/chat/sector_host.cc src/chat/sector_map.cc src/chat/text_rules.cc src/job/clock.cc src/job/job_queue.cc
  src/job/job_stats.cc src/job/job_timer.cc src/job/ready_queue.cc src/job/timer_heap.cc src/job/update_threads.cc src/net/packet.cc src/net/reassembler.cc
  src/proto/dispatch.cc ${PROTO_OUT}/client_packet_handler.cc ${PROTO_OUT}/enum.pb.cc ${PROTO_OUT}/struct.pb.cc
  ${PROTO_OUT}/protocol.pb.cc
  ${fuzz_of_proto} LINK ${fuzz_libraries} utf8proc INPUTS src/proto/enum.proto)

stage_fuzzer(auth MAX_LEN 1000 SEEDS
  tests/fuzz/auth_fuzzer.cc tests/fuzz/stream.cc ${fuzz_of_log} src/auth/auth_server.cc src/auth/work_pool.cc src/net/packet.cc src/net/reassembler.cc src/proto/dispatch.cc
  ${PROTO_OUT}/auth_client_packet_handler.cc ${PROTO_OUT}/enum.pb.cc ${PROTO_OUT}/auth.pb.cc
  ${fuzz_of_proto} LINK ${fuzz_libraries} INPUTS src/proto/enum.proto)

stage_fuzzer(monitor MAX_LEN 1000 SEEDS
  tests/fuzz/monitor_fuzzer.cc tests/fuzz/stream.cc ${fuzz_of_log} support/client/client_service.cc support/client/handlers.cc support/client/server_session.cc
  src/monitor_link/link_proof.cc
  src/monitor_link/monitor_server.cc src/monitor_link/report_client.cc src/services/monitor/alarm_board.cc
  src/services/monitor/alarm_rule.cc src/services/monitor/history.cc src/services/monitor/monitor_core.cc src/services/monitor/report_link.cc
  src/services/reconnect/backoff.cc src/net/packet.cc src/net/reassembler.cc src/proto/dispatch.cc
  ${PROTO_OUT}/monitor_client_packet_handler.cc ${PROTO_OUT}/monitor_server_packet_handler.cc
  ${PROTO_OUT}/server_packet_handler.cc ${PROTO_OUT}/enum.pb.cc ${PROTO_OUT}/monitor.pb.cc ${PROTO_OUT}/protocol.pb.cc
  ${PROTO_OUT}/struct.pb.cc
  ${fuzz_of_proto} LINK ${fuzz_libraries} sodium INPUTS src/proto/enum.proto)
