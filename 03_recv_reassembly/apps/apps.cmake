# The move game: what server and client share, then one line per program.
stage_library(game apps/move_game.cc apps/move_protocol.cc apps/board.cc LINK net)

stage_program(move_server apps/move_server.cc LINK support game course_log)
stage_program(move_client apps/move_client.cc apps/move_link.cc support/terminal.cc LINK support game)
