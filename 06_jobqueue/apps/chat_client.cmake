# chat_client: the chat for a person. All but the console and the connection is a library that a test can drive.
stage_library(chat_client_parts
  apps/chat_client/chat.cc
  apps/chat_client/command.cc
  apps/chat_client/connection.cc
  apps/chat_client/lines.cc
  LINK client terminal)
stage_program(chat_client apps/chat_client.cc LINK support chat_client_parts course_log)
