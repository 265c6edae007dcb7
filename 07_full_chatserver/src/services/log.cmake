# log: console and rotating file behind spdlog's default logger.
stage_library(log
  src/services/log/log_failures.cc
  src/services/log/log_setup.cc
  LINK course_log)
