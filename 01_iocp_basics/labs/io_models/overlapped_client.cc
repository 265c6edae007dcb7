#include "labs/io_models/overlapped_client.h"

namespace io_models {
namespace {

bool Started(int result) {
  return result == 0 || WSAGetLastError() == WSA_IO_PENDING;
}

void Prepare(OverlappedClient& client, HANDLE event) {
  static_cast<OVERLAPPED&>(client) = OVERLAPPED{};
  client.hEvent = event;
}

}  // namespace

bool PostRecv(OverlappedClient& client, HANDLE event) {
  Prepare(client, event);
  client.sending = false;
  WSABUF buffer{sizeof client.data, client.data};
  DWORD flags = 0;
  return Started(WSARecv(client.socket.Get(), &buffer, 1, nullptr, &flags, &client, nullptr));
}

bool PostSend(OverlappedClient& client, HANDLE event, DWORD size) {
  Prepare(client, event);
  client.sending = true;
  WSABUF buffer{size, client.data};
  return Started(WSASend(client.socket.Get(), &buffer, 1, nullptr, 0, &client, nullptr));
}

}  // namespace io_models
