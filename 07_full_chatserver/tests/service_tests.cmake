# Tests of the full chat server: all parts together (from stage 07 on).
stage_unit_test(traffic_gate tests/unit_traffic_gate.cc
  LINK net net_test_support LABELS stress)
stage_unit_test(connection_gate tests/unit_connection_gate.cc LINK admission)
stage_unit_test(chat_service tests/unit_chat_service.cc LINK server LABELS stress TIMEOUT 240)
stage_unit_test(group_commit tests/unit_group_commit.cc server/journal_chronicle.cc
  LINK chat client db LABELS stress)
stage_unit_test(report_client tests/unit_report_client.cc LINK server test_support TIMEOUT 240)
stage_scenario_test(full tests/scenario_full.cc LINK chat_talker db TIMEOUT 300)
if(COURSE_HAS_REDIS AND TARGET course_mariadb AND COURSE_HAS_MONITOR_WEB AND BUILD_TESTING)
  stage_scenario_test(outage tests/scenario_outage.cc tests/database_support.cc
    LINK scenario_support outside_test_support db course_gtest LABELS slow TIMEOUT 600)
endif()
