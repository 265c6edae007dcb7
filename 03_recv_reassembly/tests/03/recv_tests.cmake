# Tests of the receive path (from stage 03 on).
stage_unit_test(ring_buffer tests/03/unit_ring_buffer.cc LINK net test_support)
stage_unit_test(cipher tests/03/unit_cipher.cc LINK net test_support)
stage_unit_test(packet tests/03/unit_packet.cc LINK net test_support LABELS stress)
stage_unit_test(reassembler tests/03/unit_reassembler.cc LINK net test_support)
stage_unit_test(receive tests/03/unit_receive.cc tests/03/unit_receive_limits.cc
  LINK net net_test_support LABELS stress)
stage_scenario_test(hostile tests/03/scenario_hostile.cc LINK scenario_support TIMEOUT 180)
