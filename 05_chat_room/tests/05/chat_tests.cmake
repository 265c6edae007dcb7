# Tests of the chat (from stage 05 on).
stage_unit_test(chat tests/05/unit_chat.cc LINK chat test_support LABELS stress)
stage_unit_test(chat_room tests/05/unit_chat_room.cc LINK chat test_support LABELS stress)
stage_unit_test(proto tests/05/unit_proto.cc LINK chat client test_support)
stage_unit_test(client tests/05/unit_client.cc LINK client test_support)
stage_unit_test(order_check tests/05/unit_order_check.cc LINK client test_support)
stage_unit_test(half_close tests/05/unit_half_close.cc
  LINK net net_test_support LABELS stress)
stage_unit_test(inbound_limit tests/05/unit_inbound_limit.cc
  LINK net net_test_support LABELS stress)
stage_unit_test(chat_stress tests/05/unit_chat_stress.cc
  LINK chat client test_support LABELS stress TIMEOUT 180)

stage_scenario_test(chat tests/05/scenario_chat.cc LINK chat_talker TIMEOUT 180)
stage_scenario_test(chat_hostile tests/05/scenario_chat_hostile.cc LINK chat_talker TIMEOUT 180)
stage_scenario_test(chat_flood tests/05/scenario_chat_flood.cc LINK chat_talker TIMEOUT 180)

# The generator's promises: builds a small project of its own, with the native compiler.
if(BUILD_TESTING AND NOT CMAKE_CROSSCOMPILING AND NOT WIN32)
  add_test(NAME ${STAGE}.build.handlers
    COMMAND ${COURSE_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/tests/05/build_handlers.py
      --stage ${CMAKE_CURRENT_SOURCE_DIR} --work ${CMAKE_CURRENT_BINARY_DIR}/build_handlers
      --cmake ${CMAKE_COMMAND} --compiler ${CMAKE_CXX_COMPILER} --generator ${CMAKE_GENERATOR})
  set_tests_properties(${STAGE}.build.handlers PROPERTIES LABELS "${STAGE};build" TIMEOUT 600 COST 100
    ENVIRONMENT "COURSE_TEST_INPUTS=tests/05/build_handlers.py:support/cmake:src/proto:src/net:iocp")
endif()

include(tests/client/chat_client_tests.cmake OPTIONAL)
