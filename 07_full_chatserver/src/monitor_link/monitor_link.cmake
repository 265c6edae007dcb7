# monitor_link: both ends of the LAN link between a server and the monitor server.
stage_library(monitor_link
  src/monitor_link/link_proof.cc
  src/monitor_link/monitor_server.cc
  src/monitor_link/report_client.cc
  ${PROTO_MONITOR_SERVER_HANDLERS}
  ${PROTO_MONITOR_CLIENT_HANDLERS}
  LINK client monitor proto net course_log course_sodium)
