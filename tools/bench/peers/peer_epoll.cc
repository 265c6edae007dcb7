// peer_epoll: the chat by hand, with epoll and a log for each room (epoll_server.h).
#include <exception>

#include "peers/epoll_server.h"
#include "support/open_files.h"

int main(int argc, char** argv) {
  apps::CommandLine app("The bench's peer: hand-made epoll, a log for each room", "peer_epoll");
  peers::PeerOptions options;
  peers::AddPeerOptions(app, options);
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  apps::RaiseOpenFileLimit();
  try {
    peers::EpollServer server(options);
    peers::PrintListening(server.port());
    server.Run();
    peers::PrintCounters(app.name(), server.counters());
  } catch (const std::exception& error) {
    return apps::Refuse(app, error.what());
  }
  return 0;
}
