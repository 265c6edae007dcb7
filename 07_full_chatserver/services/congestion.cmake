# congestion: pauses accepting and sending when the machine repeats too many TCP segments.
stage_library(congestion
  services/congestion/congestion_control.cc
  services/congestion/congestion_judge.cc
  services/congestion/tcp_counters.cc
  LINK course_log)
if(WIN32)
  target_link_libraries(${STAGE}_congestion PUBLIC iphlpapi)
endif()
