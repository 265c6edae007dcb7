# Tests of what the server has to do with the world outside: Redis, monitoring, country, congestion, log.
stage_unit_test(login_key tests/07a/unit_login_key.cc LINK login_key reconnect)

if(NOT WIN32 AND BUILD_TESTING)
  stage_library(outside_test_support
    tests/outside/child_process.cc
    tests/outside/redis_server.cc)
endif()
if(COURSE_HAS_REDIS)
  stage_unit_test(redis
    tests/07a/unit_redis.cc
    tests/07a/unit_redis_outage.cc
    tests/07a/unit_redis_trouble.cc
    LINK redis outside_test_support)
  stage_unit_test(redis_stress tests/07a/unit_redis_stress.cc LINK redis outside_test_support LABELS stress)
endif()

stage_unit_test(congestion tests/07e/unit_congestion.cc LINK congestion)
if(COURSE_HAS_COUNTRY)
  stage_unit_test(country tests/07e/unit_country.cc LINK country net outside_test_support)
  if(BUILD_TESTING)
    target_compile_definitions(${STAGE}_unit_country PRIVATE COURSE_HAS_COUNTRY=1)
  endif()
else()
  stage_unit_test(country tests/07e/unit_country.cc LINK country net)
endif()
stage_unit_test(log tests/07e/unit_log.cc LINK log)

if(NOT WIN32 AND BUILD_TESTING)
  target_sources(${STAGE}_outside_test_support PRIVATE tests/outside/http_get.cc)
endif()
if(NOT WIN32)
  stage_unit_test(http_server tests/07d/unit_http_server.cc LINK monitor outside_test_support)
endif()
stage_unit_test(metrics tests/07d/unit_metrics.cc LINK monitor monitor_core)
stage_unit_test(monitor tests/07d/unit_monitor.cc LINK monitor_core)
if(COURSE_HAS_PROMETHEUS)
  stage_unit_test(metrics_endpoint tests/07d/unit_metrics_endpoint.cc
    LINK monitor outside_test_support TIMEOUT 240)
endif()
if(COURSE_HAS_MONITOR_WEB)
  stage_unit_test(monitor_web tests/07d/unit_monitor_web.cc
    LINK monitor monitor_web outside_test_support)
  stage_unit_test(monitor_browser tests/07d/unit_monitor_browser.cc
    LINK monitor monitor_web outside_test_support LABELS slow TIMEOUT 300)
endif()

# Mounts a small disk (skipped where that is not permitted).
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  stage_unit_test(full_disk tests/07b/unit_full_disk.cc LINK server)
endif()

# Hostile clients at the door, and honest ones beside them.
if(COURSE_HAS_REDIS AND COURSE_HAS_PROMETHEUS)
  stage_scenario_test(admission tests/07e/scenario_admission.cc
    LINK chat_talker outside_test_support TIMEOUT 300)
endif()

# The server as a process, by what it says of itself on /metrics; long runs by COURSE_STRESS.
if(COURSE_HAS_REDIS AND COURSE_HAS_PROMETHEUS)
  stage_library(metered_server tests/support/metered_server.cc LINK scenario_support outside_test_support)
  stage_scenario_test(logged_in tests/07a/scenario_logged_in.cc
    LINK metered_server LABELS slow TIMEOUT 300)
  stage_scenario_test(backlog tests/07b/scenario_backlog.cc
    LINK metered_server db LABELS slow TIMEOUT 300)
endif()
