# The tests of the sector grid, the lobby and the message generator.
stage_unit_test(sector_map tests/07c/unit_sector_map.cc LINK actors)
stage_unit_test(sector_grid tests/07c/unit_sector_grid.cc LINK actors LABELS stress)
stage_unit_test(lobby tests/07a/unit_lobby.cc LINK actors)
stage_unit_test(login_desk tests/07a/unit_login_desk.cc LINK chat)
stage_unit_test(room_record tests/07c/unit_room_record.cc LINK chat)
stage_unit_test(lobby_races tests/07a/unit_lobby_races.cc LINK actors LABELS stress)
stage_unit_test(message_generator tests/07e/unit_message_generator.cc LINK actors)
