# config: one TOML file and --set into one struct.
include(services/storage_libraries.cmake)
stage_library(config
  services/config/check.cc
  services/config/check_paths.cc
  services/config/command_line.cc
  services/config/load.cc
  services/config/options.cc
  services/config/options_operation.cc
  services/config/options_server.cc
  services/config/options_services.cc
  services/config/print.cc
  services/config/suggest.cc
  LINK job journal net course_cli course_toml)
