# reconnect: how long to wait before trying again.
stage_library(reconnect src/services/reconnect/backoff.cc)
