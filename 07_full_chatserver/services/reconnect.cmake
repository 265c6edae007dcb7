# reconnect: how long to wait before trying again.
stage_library(reconnect services/reconnect/backoff.cc)
