# The move game: what server and client share, then one line per program.
stage_library(command_line apps/options.cc LINK course_cli course_log QUICK)
stage_library(apps apps/stop_signal.cc LINK command_line)
stage_library(game apps/move_game.cc apps/move_protocol.cc apps/board.cc LINK net)

stage_program(move_server apps/move_server.cc LINK apps game course_log)
stage_program(move_client apps/move_client.cc apps/move_link.cc apps/terminal.cc LINK apps game)
