# server: the parts put together, and the configuration as their options.
stage_library(server
  server/auth_metrics.cc
  server/auth_service.cc
  server/chat_metrics.cc
  server/chat_service.cc
  server/check_config.cc
  server/doorman.cc
  server/from_config.cc
  server/journal_chronicle.cc
  server/session_keys.cc
  LINK chat auth client account admission config congestion country db journal log monitor monitor_core monitor_link)
if(TARGET ${STAGE}_redis)
  target_link_libraries(${STAGE}_server PUBLIC ${STAGE}_redis)
endif()
