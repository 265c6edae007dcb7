// peer_uv: the chat on libuv (uv_server.h).
#include <exception>

#include "peers/uv_server.h"
#include "support/open_files.h"

int main(int argc, char** argv) {
  apps::CommandLine app("The bench's peer: libuv, one gathered write for each client and turn",
                        "peer_uv");
  peers::PeerOptions options;
  peers::AddPeerOptions(app, options);
  if (const auto exit_code = apps::ParseOptions(app, argc, argv)) return *exit_code;
  apps::RaiseOpenFileLimit();
  try {
    peers::UvServer server(options);
    peers::PrintListening(server.port());
    server.Run();
    peers::PrintCounters(app.name(), server.counters());
  } catch (const std::exception& error) {
    return apps::Refuse(app, error.what());
  }
  return 0;
}
