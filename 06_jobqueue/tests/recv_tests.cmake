# Tests of the receive path (from stage 03 on).
stage_unit_test(ring_buffer tests/unit_ring_buffer.cc LINK net test_support)
stage_unit_test(cipher tests/unit_cipher.cc LINK net test_support)
stage_unit_test(packet tests/unit_packet.cc LINK net test_support LABELS stress)
stage_unit_test(reassembler tests/unit_reassembler.cc LINK net test_support)
stage_unit_test(receive tests/unit_receive.cc tests/unit_receive_limits.cc
  LINK net net_test_support LABELS stress)
stage_scenario_test(hostile tests/scenario_hostile.cc LINK chat_talker TIMEOUT 180)

include(tests/send_tests.cmake)
