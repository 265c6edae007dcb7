# The tests of the sector grid, the lobby and the message generator.
stage_unit_test(sector_map tests/unit_sector_map.cc LINK actors)
stage_unit_test(sector_grid tests/unit_sector_grid.cc LINK actors LABELS stress)
stage_unit_test(lobby tests/unit_lobby.cc LINK actors)
stage_unit_test(lobby_races tests/unit_lobby_races.cc LINK actors LABELS stress)
stage_unit_test(message_generator tests/unit_message_generator.cc LINK actors)
