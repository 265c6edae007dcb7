# monitor: collection thread, /metrics for Prometheus, and the monitor server's history, alarms and page.
#   monitor       the collecting side, in every server, and the HTTP server of whoever looks
#   monitor_core  the monitor server without its HTTP
#   monitor_web   its page (COURSE_HAS_MONITOR_WEB)
option(COURSE_WITH_PROMETHEUS "/metrics with prometheus-cpp" ON)
option(COURSE_WITH_MONITOR_WEB "The monitor page" ON)

set(COURSE_HAS_PROMETHEUS OFF)
set(COURSE_HAS_MONITOR_WEB OFF)
if(NOT WIN32)
  if(COURSE_WITH_PROMETHEUS)
    find_package(prometheus-cpp QUIET COMPONENTS core)
    if(TARGET prometheus-cpp::core)
      set(COURSE_HAS_PROMETHEUS ON)
    else()
      message(STATUS "${STAGE}: no prometheus-cpp (Debian: prometheus-cpp-dev); no /metrics")
    endif()
  endif()
  if(COURSE_WITH_MONITOR_WEB)
    find_path(NLOHMANN_JSON_INCLUDE_DIR nlohmann/json.hpp)
    if(NLOHMANN_JSON_INCLUDE_DIR)
      set(COURSE_HAS_MONITOR_WEB ON)
    else()
      message(STATUS "${STAGE}: no JSON library (Debian: nlohmann-json3-dev); no monitor page")
    endif()
  endif()
endif()

set(monitor_system src/services/monitor/system_usage_linux.cc)
if(WIN32)
  set(monitor_system src/services/monitor/system_usage_windows.cc)
endif()
set(monitor_http src/services/monitor/http_loop.cc src/services/monitor/http_server.cc)
if(WIN32)
  set(monitor_http src/services/monitor/http_server_absent.cc)
endif()
set(monitor_endpoint src/services/monitor/metrics_endpoint_absent.cc)
if(COURSE_HAS_PROMETHEUS)
  set(monitor_endpoint src/services/monitor/metrics_endpoint.cc)
endif()
stage_library(monitor
  src/services/monitor/collector.cc
  src/services/monitor/http_message.cc
  src/services/monitor/report_link.cc
  src/services/monitor/standard_metrics.cc
  ${monitor_endpoint}
  ${monitor_http}
  ${monitor_system}
  LINK log reconnect course_log)
if(COURSE_HAS_PROMETHEUS)
  target_link_libraries(${STAGE}_monitor PRIVATE prometheus-cpp::core)
endif()
if(WIN32)
  target_link_libraries(${STAGE}_monitor PUBLIC psapi)
endif()

stage_library(monitor_core
  src/services/monitor/alarm_board.cc
  src/services/monitor/alarm_rule.cc
  src/services/monitor/history.cc
  src/services/monitor/monitor_core.cc
  LINK course_log)

if(COURSE_HAS_MONITOR_WEB)
  set(monitor_assets "")
  foreach(name index.html style.css charts.js texts.js port.js figures.js app.js icon.svg)
    list(APPEND monitor_assets ${CMAKE_CURRENT_SOURCE_DIR}/src/monitor_web/${name})
  endforeach()
  set(monitor_assets_cc ${CMAKE_CURRENT_BINARY_DIR}/monitor_web_assets.cc)
  add_custom_command(OUTPUT ${monitor_assets_cc}
    COMMAND ${CMAKE_COMMAND} -DOUT=${monitor_assets_cc} "-DFILES=${monitor_assets}"
            -P ${CMAKE_CURRENT_SOURCE_DIR}/src/services/monitor/embed_assets.cmake
    DEPENDS ${monitor_assets} ${CMAKE_CURRENT_SOURCE_DIR}/src/services/monitor/embed_assets.cmake
    VERBATIM)
  stage_library(monitor_web
    src/services/monitor/monitor_api.cc
    ${monitor_assets_cc}
    LINK monitor monitor_core)
  target_include_directories(${STAGE}_monitor_web SYSTEM PRIVATE ${NLOHMANN_JSON_INCLUDE_DIR})
  target_compile_definitions(${STAGE}_monitor_web PUBLIC COURSE_HAS_MONITOR_WEB=1)
endif()
