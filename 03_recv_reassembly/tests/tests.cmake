# Tests of the port. The conformance tests compile the same source on Linux and on Windows.
stage_library(test_support
  tests/test_support.cc
  tests/test_support_linux.cc
  tests/test_support_waiter.cc
  tests/test_support_windows.cc
  LINK iocp course_gtest_main
  UNITED)

stage_unit_test(conformance
  tests/unit_conformance_port.cc
  tests/unit_conformance_dequeue.cc
  tests/unit_conformance_threads.cc
  tests/unit_conformance_issue.cc
  tests/unit_conformance_transfer.cc
  tests/unit_conformance_stream_end.cc
  tests/unit_conformance_cancel.cc
  tests/unit_conformance_accept.cc
  tests/unit_conformance_life.cc
  tests/unit_conformance_stream.cc
  tests/unit_conformance_rules.cc
  tests/unit_conformance_address.cc
  tests/unit_conformance_connect.cc
  tests/unit_conformance_event.cc
  tests/unit_conformance_file.cc
  tests/unit_conformance_misuse.cc
  LINK test_support
  LABELS conformance
  TIMEOUT 120)

# The part of the list that other people's programs use besides ports and sockets.
stage_unit_test(api
  tests/unit_api_types.cc
  tests/unit_conformance_wait.cc
  tests/unit_conformance_timer.cc
  tests/unit_conformance_locks.cc
  tests/unit_conformance_options.cc
  tests/unit_conformance_routine.cc
  tests/unit_conformance_poll.cc
  tests/unit_conformance_datagram.cc
  tests/unit_conformance_transmit.cc
  LINK test_support
  LABELS conformance
  TIMEOUT 120)

# Random programs against a model of the port (shrunk when they fail).
stage_unit_test(port_model
  tests/unit_port_model.cc
  tests/unit_port_model_io.cc
  tests/unit_port_model_rules.cc
  tests/unit_port_model_steps.cc
  tests/unit_port_model_threads.cc
  LINK test_support
  LABELS conformance
  TIMEOUT 120)

# Races; the sanitizer builds run these too.
stage_unit_test(port_stress
  tests/unit_port_stress.cc
  tests/unit_port_stress_handles.cc
  tests/unit_port_stress_life.cc
  tests/unit_port_stress_support.cc
  LINK test_support
  LABELS stress
  TIMEOUT 180)

# The table of a direction's transitions, walked from end to end.
if(NOT WIN32)
  stage_unit_test(direction
    tests/unit_direction.cc
    LINK test_support
    LABELS conformance)
endif()

# Failing system calls, misuse and the trace: the port's own, so on Linux only.
if(NOT WIN32)
  stage_unit_test(fault
    tests/unit_fault.cc
    tests/unit_fault_accept.cc
    tests/unit_fault_crossing.cc
    tests/unit_fault_file.cc
    tests/unit_fault_injection.cc
    tests/unit_fault_life.cc
    tests/unit_fault_limits.cc
    tests/unit_fault_misuse.cc
    tests/unit_fault_moment.cc
    tests/unit_fault_told.cc
    tests/unit_fault_trace.cc
    tests/unit_fault_transmit.cc
    tests/unit_fault_workout.cc
    LINK test_support
    LABELS stress
    TIMEOUT 180)
endif()

# Every two things that can happen to a socket, in both orders, against a model.
stage_unit_test(pairwise
  tests/unit_pairwise.cc
  tests/unit_pairwise_deeds.cc
  tests/unit_pairwise_end.cc
  tests/unit_pairwise_scene.cc
  tests/unit_fault_injection.cc
  tests/unit_port_stress_support.cc
  LINK test_support
  LABELS conformance
  TIMEOUT 300)

# Threads stopped at every system call while the others run on.
if(NOT WIN32)
  stage_unit_test(preempt
    tests/unit_preempt.cc
    tests/unit_preempt_life.cc
    tests/unit_preempt_schedule.cc
    tests/unit_preempt_stream.cc
    tests/unit_preempt_wait.cc
    tests/unit_preempt_world.cc
    tests/unit_port_stress_support.cc
    LINK test_support
    LABELS stress
    TIMEOUT 300)
endif()

include(tests/net_tests.cmake)
