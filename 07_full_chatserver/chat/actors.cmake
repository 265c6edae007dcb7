# actors: sector grid, lobby, message generator. They know sessions by id only, and neither the server
# nor the messages' format: those come in through SectorOutlet, LobbyPort and KeyLookup.
stage_library(actors
  chat/lobby.cc
  chat/lobby_rules.cc
  chat/message_generator.cc
  chat/sector_grid.cc
  chat/sector_map.cc
  LINK job net)
