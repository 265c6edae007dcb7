# Tests of the full chat server: all parts together (from stage 07 on).
stage_unit_test(traffic_gate tests/07e/unit_traffic_gate.cc
  LINK net net_test_support LABELS stress)
stage_unit_test(work_pool tests/07a/unit_work_pool.cc LINK auth LABELS stress)
stage_unit_test(connection_gate tests/07e/unit_connection_gate.cc LINK admission)
stage_unit_test(request_budget tests/07e/unit_request_budget.cc LINK chat)
stage_unit_test(chat_limits tests/07c/unit_chat_limits.cc
  LINK server chat_talker LABELS stress TIMEOUT 240)
stage_unit_test(large_room tests/07c/unit_large_room.cc LINK chat client LABELS slow TIMEOUT 600)
stage_unit_test(chat_service tests/07/unit_chat_service.cc LINK server LABELS stress TIMEOUT 240)
stage_unit_test(chat_metrics tests/07d/unit_chat_metrics.cc LINK server monitor_core)
stage_unit_test(group_commit tests/07b/unit_group_commit.cc src/server/journal_chronicle.cc
  LINK chat client db LABELS stress)
stage_unit_test(report_client tests/07d/unit_report_client.cc LINK server test_support TIMEOUT 240)
if(NOT WIN32 AND BUILD_TESTING)
  stage_scenario_test(pause tests/07e/scenario_pause.cc
    LINK chat_talker outside_test_support TIMEOUT 180)
endif()
stage_scenario_test(full tests/07/scenario_full.cc LINK chat_talker db TIMEOUT 300)
if(COURSE_HAS_REDIS AND TARGET course_mariadb AND COURSE_HAS_MONITOR_WEB AND BUILD_TESTING)
  stage_scenario_test(outage tests/07/scenario_outage.cc tests/support/database_support.cc
    LINK scenario_support outside_test_support db course_gtest LABELS slow TIMEOUT 600)
endif()
if(COURSE_HAS_REDIS AND COURSE_HAS_PROMETHEUS AND COURSE_HAS_MONITOR_WEB)
  stage_scenario_test(check_config tests/07e/scenario_check_config.cc LINK metered_server server)
endif()
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND BUILD_TESTING)
  stage_scenario_test(signals tests/07e/scenario_signals.cc
    LINK chat_talker outside_test_support util TIMEOUT 300)
endif()
if(COURSE_HAS_MONITOR_WEB AND BUILD_TESTING)
  stage_scenario_test(port_tab tests/07d/scenario_port_tab.cc
    LINK chat_talker outside_test_support LABELS slow TIMEOUT 240)
endif()
stage_scenario_test(apc_demo tests/07a/scenario_apc_demo.cc LINK scenario_support)
if(COURSE_HAS_PROMETHEUS AND COURSE_HAS_REDIS)
  stage_scenario_test(many_sockets tests/07e/scenario_many_sockets.cc
    LINK metered_server LABELS slow TIMEOUT 600)
endif()
if(COURSE_HAS_COUNTRY AND COURSE_HAS_PROMETHEUS AND COURSE_HAS_REDIS)
  stage_scenario_test(country tests/07e/scenario_country.cc LINK metered_server)
endif()
# The real run: COURSE_HOSTILE_SECONDS=1800.
if(COURSE_HAS_REDIS AND COURSE_HAS_PROMETHEUS)
  stage_scenario_test(hostile_mix tests/07/scenario_hostile_mix.cc tests/support/hostile_mob.cc
    LINK metered_server chat_talker LABELS slow TIMEOUT 2400)
endif()
