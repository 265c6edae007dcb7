# server: the parts put together, and the configuration as their options.
stage_library(server
  src/server/auth_metrics.cc
  src/server/auth_service.cc
  src/server/chat_metrics.cc
  src/server/chat_service.cc
  src/server/check_config.cc
  src/server/doorman.cc
  src/server/from_config.cc
  src/server/journal_chronicle.cc
  src/server/session_keys.cc
  LINK chat auth client account admission config congestion country db journal log monitor monitor_core monitor_link)
if(TARGET ${STAGE}_redis)
  target_link_libraries(${STAGE}_server PUBLIC ${STAGE}_redis)
endif()
