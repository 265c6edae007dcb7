# One line per program.
stage_program(chat_server apps/chat_server.cc support/server_flags.cc LINK support chat course_log)
stage_program(dummy_client apps/dummy_client.cc LINK support client course_log)
include(apps/chat_client.cmake OPTIONAL)
