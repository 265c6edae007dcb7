# config: one TOML file and --set into one struct.
include(src/services/storage_libraries.cmake)
stage_library(config
  src/services/config/check.cc
  src/services/config/check_paths.cc
  src/services/config/command_line.cc
  src/services/config/load.cc
  src/services/config/options.cc
  src/services/config/options_operation.cc
  src/services/config/options_server.cc
  src/services/config/options_services.cc
  src/services/config/print.cc
  src/services/config/suggest.cc
  LINK job journal net course_cli course_toml)
