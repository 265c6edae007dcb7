# congestion: pauses accepting and sending when the machine repeats too many TCP segments.
stage_library(congestion
  src/services/congestion/congestion_control.cc
  src/services/congestion/congestion_judge.cc
  src/services/congestion/tcp_counters.cc
  LINK course_log)
if(WIN32)
  target_link_libraries(${STAGE}_congestion PUBLIC iphlpapi)
endif()
