# Tests of this stage's programs; the port's own tests are in tests.cmake.
include(tests/support/support.cmake)

stage_unit_test(port_calls tests/unit_port_calls.cc LINK dispatch apps)
stage_unit_test(dispatch_loop tests/unit_dispatch_loop.cc LINK dispatch apps)
