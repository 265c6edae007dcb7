// peer_asio: the chat on Boost.Asio, in one of three ways (asio_server.h).
#include <exception>
#include <string>

#include "peers/asio_server.h"
#include "support/open_files.h"

int main(int argc, char** argv) {
  apps::CommandLine app("The bench's peer on Boost.Asio", "peer_asio");
  peers::PeerOptions options;
  peers::AddPeerOptions(app, options);
  std::string mode = "gather";
  app.Add("--mode", mode,
          "write: one write for each message; gather: what waits goes together; "
          "room: joined once for all members of a room")
      .OneOf({"write", "gather", "room"})
      .ShowDefault();
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  apps::RaiseOpenFileLimit();
  try {
    peers::AsioServer server(options, mode == "write"    ? peers::AsioMode::kWrite
                                      : mode == "gather" ? peers::AsioMode::kGather
                                                         : peers::AsioMode::kRoom);
    peers::PrintListening(server.port());
    server.Run();
    peers::PrintCounters("peer_asio " + mode, server.counters());
  } catch (const std::exception& error) {
    return apps::Refuse(app, error.what());
  }
  return 0;
}
