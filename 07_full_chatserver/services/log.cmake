# log: console and rotating file, structured lines, behind spdlog's default logger.
stage_library(log
  services/log/log_event.cc
  services/log/log_failures.cc
  services/log/log_setup.cc
  LINK course_log)
