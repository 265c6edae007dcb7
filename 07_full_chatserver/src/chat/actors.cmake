# actors: sector grid, lobby, message generator. They know sessions by id only, and neither the server
# nor the messages' format: those come in through SectorOutlet, LobbyPort and KeyLookup.
stage_library(actors
  src/chat/lobby.cc
  src/chat/lobby_rules.cc
  src/chat/message_generator.cc
  src/chat/sector_grid.cc
  src/chat/sector_map.cc
  LINK job net)
