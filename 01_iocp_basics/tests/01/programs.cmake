# Tests of this stage's programs; the port's own tests are in tests.cmake.
include(tests/support/support.cmake)

stage_unit_test(port_calls tests/01/unit_port_calls.cc LINK dispatch support)
stage_unit_test(dispatch_loop tests/01/unit_dispatch_loop.cc LINK dispatch support)

foreach(scenario overlapped_echo routine_echo udp_echo programs dispatch_demo file_device port_tour thread_lab io_models)
  stage_scenario_test(${scenario} tests/01/scenario_${scenario}.cc LINK scenario_support)
endforeach()
include(tests/iocp/usual/usual.cmake)
