// (2) Non-blocking calls. One thread is enough, because no call waits: a socket without data says
// WSAEWOULDBLOCK. But nobody says when to ask again, so the thread asks all the time. Nearly every
// system call is a "no", and a whole processor is busy while the clients think.

#include "labs/io_models/model.h"

namespace io_models {
namespace {

struct Connection {
  apps::UniqueSocket socket;
  char data[4096];
  int size = 0;  // bytes in data
  int sent = 0;  // of them already sent back
};

// [polling]
// False when the client has gone.
bool Ask(Connection& client) {
  if (client.sent == client.size) {
    client.sent = 0;
    client.size = recv(client.socket.Get(), client.data, sizeof client.data, 0);
    if (client.size < 0) {
      client.size = 0;
      return WSAGetLastError() == WSAEWOULDBLOCK;  // not now: ask again in the next round
    }
    if (client.size == 0) {
      return false;
    }
  }
  const int count =
      send(client.socket.Get(), client.data + client.sent, client.size - client.sent, 0);
  if (count < 0) {
    return WSAGetLastError() == WSAEWOULDBLOCK;
  }
  client.sent += count;
  return true;
}
// [/polling]

}  // namespace

std::size_t ServeByPolling(Clients clients) {
  std::vector<Connection> connections;
  for (apps::UniqueSocket& client : clients) {
    u_long non_blocking = 1;
    ioctlsocket(client.Get(), static_cast<long>(FIONBIO), &non_blocking);
    connections.emplace_back().socket = std::move(client);
  }
  while (!connections.empty()) {
    std::erase_if(connections, [](Connection& client) { return !Ask(client); });
  }
  return 1;
}

}  // namespace io_models
