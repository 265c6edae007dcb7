# Tests of the room as an actor (from stage 06 on).
stage_unit_test(room_turn tests/06/unit_room_turn.cc LINK chat)
stage_unit_test(room_actor tests/06/unit_room_actor.cc LINK chat LABELS stress)
stage_scenario_test(jobqueue tests/06/scenario_jobqueue.cc LINK chat_talker TIMEOUT 180)
stage_scenario_test(half_close tests/06/scenario_half_close.cc LINK chat_talker TIMEOUT 180)
include(tests/06/job_tests.cmake)
