# Tests of the port. The conformance tests compile the same source on Linux and on Windows.
stage_library(test_support
  tests/support/test_support.cc
  tests/support/test_support_linux.cc
  tests/support/test_support_waiter.cc
  tests/support/test_support_windows.cc
  LINK iocp course_gtest_main)

stage_unit_test(conformance
  tests/iocp/unit_conformance_port.cc
  tests/iocp/unit_conformance_dequeue.cc
  tests/iocp/unit_conformance_threads.cc
  tests/iocp/unit_conformance_issue.cc
  tests/iocp/unit_conformance_transfer.cc
  tests/iocp/unit_conformance_stream_end.cc
  tests/iocp/unit_conformance_cancel.cc
  tests/iocp/unit_conformance_accept.cc
  tests/iocp/unit_conformance_life.cc
  tests/iocp/unit_conformance_stream.cc
  tests/iocp/unit_conformance_rules.cc
  tests/iocp/unit_conformance_address.cc
  tests/iocp/unit_conformance_connect.cc
  tests/iocp/unit_conformance_event.cc
  tests/iocp/unit_conformance_file.cc
  tests/iocp/unit_conformance_misuse.cc
  LINK test_support
  LABELS conformance
  TIMEOUT 120)

# The part of the list that other people's programs use besides ports and sockets.
stage_unit_test(api
  tests/iocp/unit_api_types.cc
  tests/iocp/unit_conformance_wait.cc
  tests/iocp/unit_conformance_timer.cc
  tests/iocp/unit_conformance_locks.cc
  tests/iocp/unit_conformance_options.cc
  tests/iocp/unit_conformance_routine.cc
  tests/iocp/unit_conformance_poll.cc
  tests/iocp/unit_conformance_datagram.cc
  tests/iocp/unit_conformance_transmit.cc
  LINK test_support
  LABELS conformance
  TIMEOUT 120)

# Random programs against a model of the port (shrunk when they fail).
stage_unit_test(port_model
  tests/iocp/unit_port_model.cc
  tests/iocp/unit_port_model_io.cc
  tests/iocp/unit_port_model_rules.cc
  tests/iocp/unit_port_model_steps.cc
  tests/iocp/unit_port_model_threads.cc
  LINK test_support
  LABELS conformance
  TIMEOUT 120)

# Races; the sanitizer builds run these too.
stage_unit_test(port_stress
  tests/iocp/unit_port_stress.cc
  tests/iocp/unit_port_stress_handles.cc
  tests/iocp/unit_port_stress_life.cc
  tests/iocp/unit_port_stress_support.cc
  LINK test_support
  LABELS stress
  TIMEOUT 180)

# The table of a direction's transitions, walked from end to end.
if(NOT WIN32)
  stage_unit_test(direction
    tests/iocp/unit_direction.cc
    LINK test_support
    LABELS conformance)
endif()

# Failing system calls, misuse and the trace: the port's own, so on Linux only.
if(NOT WIN32)
  stage_unit_test(fault
    tests/iocp/unit_fault.cc
    tests/iocp/unit_fault_accept.cc
    tests/iocp/unit_fault_crossing.cc
    tests/iocp/unit_fault_file.cc
    tests/iocp/unit_fault_injection.cc
    tests/iocp/unit_fault_life.cc
    tests/iocp/unit_fault_limits.cc
    tests/iocp/unit_fault_misuse.cc
    tests/iocp/unit_fault_moment.cc
    tests/iocp/unit_fault_told.cc
    tests/iocp/unit_fault_trace.cc
    tests/iocp/unit_fault_transmit.cc
    tests/iocp/unit_fault_workout.cc
    LINK test_support
    LABELS stress
    TIMEOUT 180)
endif()

# Every two things that can happen to a socket, in both orders, against a model.
stage_unit_test(pairwise
  tests/iocp/unit_pairwise.cc
  tests/iocp/unit_pairwise_deeds.cc
  tests/iocp/unit_pairwise_end.cc
  tests/iocp/unit_pairwise_scene.cc
  tests/iocp/unit_fault_injection.cc
  tests/iocp/unit_port_stress_support.cc
  LINK test_support
  LABELS conformance
  TIMEOUT 300)

# Threads stopped at every system call while the others run on.
if(NOT WIN32)
  stage_unit_test(preempt
    tests/iocp/unit_preempt.cc
    tests/iocp/unit_preempt_life.cc
    tests/iocp/unit_preempt_schedule.cc
    tests/iocp/unit_preempt_stream.cc
    tests/iocp/unit_preempt_wait.cc
    tests/iocp/unit_preempt_world.cc
    tests/iocp/unit_port_stress_support.cc
    LINK test_support
    LABELS stress
    TIMEOUT 300)
endif()

include(tests/02/net_tests.cmake)
