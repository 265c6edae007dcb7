# Helpers of the scenario tests: start the stage's programs, talk to them as a client.
# A scenario test links them by LINK scenario_support.
if(BUILD_TESTING)
  if(WIN32)
    set(native_process tests/support/process_windows.cc)
  else()
    set(native_process tests/support/process_posix.cc)
  endif()
  stage_library(scenario_support tests/support/process.cc ${native_process} tests/support/tcp_client.cc)
  stage_unit_test(task_input tests/support/unit_task_input.cc)
  stage_scenario_test(task_input tests/support/scenario_task_input.cc LINK scenario_support)
endif()
